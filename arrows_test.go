package reembed_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/reembed/reembed"

// Modules from outside, by what they are for.
const (
	temporalAPI = "go.temporal.io/api/..."
	temporalSDK = "go.temporal.io/sdk/..."
	prometheus  = "github.com/prometheus/..."
	cobra       = "github.com/spf13/cobra/..."
	pflag       = "github.com/spf13/pflag/..."
	backoff     = "github.com/cenkalti/backoff/..."
	groups      = "golang.org/x/sync/..."
	testify     = "github.com/stretchr/testify/..."
	terminals   = "golang.org/x/term/..."
	humanize    = "github.com/dustin/go-humanize/..."
	rates       = "golang.org/x/time/..."
	widths      = "github.com/mattn/go-runewidth/..."
)

// arrows say what the packages of a folder may import beside the standard
// library: paths in this module begin with "./", "/..." takes in what is below.
// The longest folder that fits a package counts. Tests may import more.
var arrows = map[string][]string{
	".": nil,

	"./backends":                  nil,
	"./backends/intercept":        {"./backends"},
	"./backends/observed":         {"./backends", "./backends/intercept"},
	"./backends/faulty":           {"./backends", "./backends/intercept"},
	"./backends/weighed":          {"./backends", groups},
	"./backends/patient":          {"./backends", backoff},
	"./backends/records":          {"./backends"},
	"./backends/inventory":        {"./backends", "./backends/records", "./backends/route"},
	"./backends/route":            {"./backends"}, // light: applications import it
	"./backends/backendtest":      {"./backends", "./backends/records", testify},
	"./backends/stores/memory":    {"./backends"},
	"./backends/stores/sqlite":    {"./backends", "modernc.org/sqlite/..."},
	"./backends/embedders":        {"./backends"},
	"./backends/embedders/openai": {"./backends", rates},
	"./backends/catalog":          {"./backends", "./backends/records", "./backends/route", "go.yaml.in/yaml/v4/..."},
	"./backends/catalog/builtin":  {"./backends", "./backends/catalog", "./backends/stores/...", "./backends/embedders/..."},

	// A server for tests, benchmarks and tutorials; its vectors are those of hashing.
	"./backends/embedders/providertest": {"./backends", "./backends/embedders/hashing"},

	// The engines know the roles only; the activities around them the jobs.
	"./activities/reconcile": {"./backends", "./backends/patient", groups},
	"./activities/verify":    {"./backends"},
	"./activities/hooks":     {"./backends/catalog", "./backends/route"},
	"./activities": {
		"./activities/...", "./backends", "./backends/catalog", "./backends/patient", "./backends/records", "./backends/route",
		temporalAPI, temporalSDK,
	},
	// Workflows know of backends and engines the values that travel, no more.
	"./workflows": {"./activities", "./activities/verify", "./backends", temporalAPI, temporalSDK},

	"./workflows/replaytest": {"./workflows", temporalSDK},

	"./starter":           {"./workflows", temporalAPI, temporalSDK},
	"./starter/child":     {},
	"./starter/devserver": {"./starter/child", temporalAPI, temporalSDK},
	"./starter/cli": {
		"./starter/...", "./workflows", "./activities", "./activities/reconcile", "./activities/verify",
		"./backends", "./backends/catalog/...", "./backends/inventory", "./backends/patient", "./backends/records", "./backends/route",
		cobra, pflag, terminals, humanize, widths,
	},
	"./starter/demo": {
		"./starter/...", "./workflows", "./activities/verify", "./backends", "./backends/catalog/...",
		"./backends/embedders/...", "./backends/route",
	},

	"./worker": {
		"./worker/...", "./workflows", "./activities/...", "./backends/...",
		temporalAPI, temporalSDK, prometheus, pflag,
	},

	"./cmd/reembed":        {"./starter/cli"},
	"./cmd/reembed-demo":   {"./starter/demo"},
	"./cmd/reembed-worker": {"./worker", "./cmd/version"},
	"./cmd/version":        {},
	"./cmd/e2e":            {},
	// What whole programs are tested on.
	"./cmd/stand": {"./starter", "./starter/child", "./starter/devserver", "./workflows"},
	// The benchmark: a program beside the others, which nobody installs.
	"./cmd/bench":          {"./cmd/bench/suite"},
	"./cmd/bench/suite":    {"./cmd/bench/...", "./starter/environ", pflag},
	"./cmd/bench/rig":      {"./cmd/bench/...", "./starter/...", "./workflows", "./backends/...", temporalAPI, temporalSDK},
	"./cmd/bench/bareloop": {"./cmd/bench/machine", "./backends", "./backends/catalog/...", groups, "modernc.org/sqlite/..."},
	"./cmd/bench/machine":  {},
	"./cmd/bench/report":   {},
	"./cmd/bench/texts":    {"./backends"},
	"./cmd/sweep":          {},
	"./cmd/storm":          {},
}

// far holds what a folder must not reach by any way, however long.
var far = map[string][]string{
	"./backends/...":   {"go.temporal.io/...", prometheus, cobra, "./activities/...", "./workflows/...", "./starter/...", "./worker/...", "./cmd/..."},
	"./activities/...": {prometheus, cobra, "./workflows/...", "./starter/...", "./worker/...", "./cmd/...", "./backends/stores/...", "./backends/embedders/..."},
	"./workflows/...":  {prometheus, cobra, "./starter/...", "./worker/...", "./cmd/...", "./backends/stores/...", "./backends/embedders/..."},
	"./starter/...":    {prometheus, "./worker/..."},
	"./worker/...":     {cobra, "./starter/..."},
}

// listed is what `go list -json` says of a package.
type listed struct {
	Dir, ImportPath, Name, Doc string
	GoFiles, Imports, Deps     []string
	Standard                   bool
}

// short writes paths of this module as the rules do.
func short(path string) string {
	if rest, ok := strings.CutPrefix(path, module); ok && (rest == "" || rest[0] == '/') {
		return "." + rest
	}
	return path
}

// list returns all packages of this module, and the names of those of the
// standard library that they reach.
func list(t *testing.T) (own []listed, standard map[string]bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Dir,ImportPath,Name,Doc,GoFiles,Imports,Deps,Standard", "./...")
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%v: %s", err, failed.Stderr)
	}
	require.NoError(t, err)
	standard = map[string]bool{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		switch {
		case p.Standard:
			standard[p.ImportPath] = true
		case strings.HasPrefix(short(p.ImportPath), "."):
			own = append(own, p)
		}
	}
	require.Greater(t, len(own), 20, "the whole module is looked at")
	return own, standard
}

// fits reports whether a path is what a rule names.
func fits(path, rule string) bool {
	if root, ok := strings.CutSuffix(rule, "/..."); ok {
		return path == root || strings.HasPrefix(path, root+"/")
	}
	return path == rule
}

func TestImportsFollowTheArrows(t *testing.T) {
	t.Parallel()
	own, standard := list(t)
	for folder := range arrows {
		if !slices.ContainsFunc(own, func(p listed) bool { return fits(short(p.ImportPath), folder+"/...") }) {
			t.Errorf("the rule of %s is about nothing: remove it", folder)
		}
	}
	for _, p := range own {
		from := short(p.ImportPath)
		may, ok := allowed(from)
		if !ok {
			t.Errorf("%s has no rule: say in arrows what it may import", from)
			continue
		}
		for _, imported := range p.Imports {
			to := short(imported)
			if standard[imported] || imported == "C" || slices.ContainsFunc(may, func(rule string) bool { return fits(to, rule) }) {
				continue
			}
			t.Errorf("%s imports %s: it may import %s", from, to, strings.Join(may, " "))
		}
	}
}

// A permission that nobody needs any more would let the import back in unseen.
func TestNoArrowIsIdle(t *testing.T) {
	t.Parallel()
	own, _ := list(t)
	for folder, may := range arrows {
		for _, rule := range may {
			if !slices.ContainsFunc(own, func(p listed) bool {
				return ruleOf(short(p.ImportPath)) == folder &&
					slices.ContainsFunc(p.Imports, func(imported string) bool { return fits(short(imported), rule) })
			}) {
				t.Errorf("%s may import %s, and does not: remove the permission", folder, rule)
			}
		}
	}
}

// allowed is what the package may import; not ok without a rule.
func allowed(pkg string) ([]string, bool) {
	may, ok := arrows[ruleOf(pkg)]
	return may, ok
}

// ruleOf is the longest folder with a rule that the package is in.
func ruleOf(pkg string) string {
	for folder := pkg; strings.Contains(folder, "/"); folder = folder[:strings.LastIndexByte(folder, '/')] {
		if _, ok := arrows[folder]; ok {
			return folder
		}
	}
	return pkg
}

func TestNoWayLeadsThroughTheWalls(t *testing.T) {
	t.Parallel()
	own, _ := list(t)
	for _, p := range own {
		from := short(p.ImportPath)
		for folder, forbidden := range far {
			if !fits(from, folder) {
				continue
			}
			for _, dep := range p.Deps {
				for _, rule := range forbidden {
					if fits(short(dep), rule) {
						t.Errorf("%s reaches %s", from, short(dep))
					}
				}
			}
		}
	}
}

// The rules themselves can fail.
func TestRulesRefuse(t *testing.T) {
	t.Parallel()
	refused := func(from, to string) bool {
		may, ok := allowed(from)
		return ok && !slices.ContainsFunc(may, func(rule string) bool { return fits(to, rule) })
	}
	require.True(t, refused("./backends", "github.com/stretchr/testify/require"))
	require.True(t, refused("./backends/stores/sqlite", "go.temporal.io/sdk/client"))
	require.True(t, refused("./backends/route", "./backends/catalog"))
	require.True(t, refused("./activities", "./workflows"))
	require.True(t, refused("./activities/reconcile", "./backends/catalog"))
	require.True(t, refused("./workflows", "./backends/catalog"))
	require.True(t, refused("./starter", "./backends/catalog"))
	require.True(t, refused("./starter/cli", "./worker"))
	require.True(t, refused("./cmd/reembed", "./worker"))
	require.False(t, refused("./starter/cli/human", "github.com/dustin/go-humanize"))
	require.False(t, fits("./backendsx", "./backends/..."))
	_, ok := allowed("./elsewhere/x")
	require.False(t, ok, "a package without a rule is noticed")
	_, ok = allowed("./backends/stores/qdrant")
	require.True(t, ok && refused("./backends/stores/qdrant", "github.com/qdrant/go-client"), "a new driver names its client")
}
