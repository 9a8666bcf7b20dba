# What this repository can do. `make` alone prints the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Versions of the tools that `make check` builds into bin/.
GOFUMPT_VERSION       := v0.12.0
STATICCHECK_VERSION   := v0.8.2
WORKFLOWCHECK_VERSION := v0.6.0
GOLANGCI_VERSION      := v2.15.0

# The race detector needs cgo; without a C compiler the tests run without it.
RACE := $(shell command -v $${CC:-cc} >/dev/null 2>&1 && [ "$$(go env CGO_ENABLED)" = 1 ] && echo -race)
# How long `make fuzz` stays with one target.
FUZZTIME ?= 20s
PROGRAMS := reembed reembed-worker reembed-demo

##@ Use

.PHONY: help
help: ## Print the targets
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z0-9_\/-]+:.*## / {printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the programs into bin/
	@mkdir -p bin
	go build -o bin/ $(addprefix ./cmd/,$(PROGRAMS))

.PHONY: temporal
temporal: ## See to it that there is a Temporal CLI: on PATH, or built into bin/
	@scripts/temporal

.PHONY: demo
demo: temporal build ## Re-embed a real corpus with a worker killed in the middle (ARGS=--once ends by itself)
	@bin/reembed-demo $(ARGS)

.PHONY: dev
dev: temporal build ## Start a Temporal dev server and a worker with ./reembed.yaml
	@bin/reembed dev $(ARGS)

##@ Work

.PHONY: test
test: temporal ## Run all tests, with the race detector where there is a C compiler
	go test $(RACE) -parallel 4 -timeout 20m ./...

.PHONY: sweep
sweep: temporal ## Fail each backend call of a small job in turn, before and after its effect (ARGS='-call registry.Put/3 -when after')
	go test ./cmd/sweep -run TestSweep -count=1 -v -timeout 60m -args $(or $(ARGS),-whole)

.PHONY: storm
storm: temporal ## An application writes and searches while its models move and everything breaks (STORM=10m ARGS='-seed 7')
	go test ./cmd/storm -run '^TestStorm' -count=1 -v -timeout 0 -args -for $(or $(STORM),30s) $(ARGS)

.PHONY: check
check: fmt-check vet staticcheck workflowcheck test ## All that CI runs

.PHONY: fmt
fmt: bin/gofumpt ## Format the code
	bin/gofumpt -l -w $$(git ls-files '*.go')

.PHONY: fmt-check
fmt-check: bin/gofumpt
	@bad=$$(bin/gofumpt -l $$(git ls-files '*.go')); \
	if [ -n "$$bad" ]; then echo "not formatted, run make fmt:"; echo "$$bad"; exit 1; fi

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: staticcheck
staticcheck: bin/staticcheck ## staticcheck
	bin/staticcheck ./...

.PHONY: workflowcheck
workflowcheck: bin/workflowcheck ## Is the workflow code deterministic?
	bin/workflowcheck ./workflows/...

.PHONY: lint
lint: bin/golangci-lint ## golangci-lint with .golangci.yml
	bin/golangci-lint run ./...

.PHONY: fuzz
fuzz: ## Run each fuzz target for a while (FUZZTIME=20s)
	@for file in $$(git grep -l '^func Fuzz' -- '*_test.go'); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' $$file); do \
			echo "$$(dirname $$file) $$target"; \
			go test ./$$(dirname $$file) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) || exit 1; \
		done; \
	done

.PHONY: docs
docs: ## Write docs/cli.md from the commands' own help
	go test ./starter/cli -run '^TestCommandReferenceIsFresh$$' -count=1 -args -renew-docs

.PHONY: vulncheck
vulncheck: ## govulncheck; needs the network
	go run golang.org/x/vuln/cmd/govulncheck@latest ./...

.PHONY: record-replay
record-replay: temporal ## Record the histories that the replay test replays, on a real server
	rm -rf workflows/testdata/replay
	go test ./cmd/e2e -run TestHistoriesReplay -count=1 -args -record $(CURDIR)/workflows/testdata/replay

.PHONY: bench
bench: temporal ## Measure jobs against a bare loop, into docs/benchmarks.md (ARGS="--only kill" prints a part)
	go run ./cmd/bench $(if $(ARGS),$(ARGS),--out docs/benchmarks.md)

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin .reembed

# Tools go to bin/, at the versions above; a new version is built when it changes here.
install = @mkdir -p bin && echo "building $(@F) $(2)" && GOBIN=$(CURDIR)/bin go install $(1)@$(2)

bin/gofumpt:
	$(call install,mvdan.cc/gofumpt,$(GOFUMPT_VERSION))
bin/staticcheck:
	$(call install,honnef.co/go/tools/cmd/staticcheck,$(STATICCHECK_VERSION))
bin/workflowcheck:
	$(call install,go.temporal.io/sdk/contrib/tools/workflowcheck,$(WORKFLOWCHECK_VERSION))
bin/golangci-lint:
	$(call install,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,$(GOLANGCI_VERSION))
