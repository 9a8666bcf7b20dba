package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/cmd/bench/rig"
	"github.com/reembed/reembed/cmd/bench/suite"
)

// The test binary plays bare loop and provider for the benchmark that it runs,
// as the program itself does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{rig.BareLoop, rig.PlayProvider}, os.Args[1]) {
		main()
	}
	os.Exit(testMain(m))
}

// worker is the path of the program that the tests measure.
var worker string

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "reembed-bench-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	worker = filepath.Join(dir, "reembed-worker")
	if err := rig.BuildWorker(context.Background(), worker); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// The benchmark, small: every line measures something, and each number that a
// bound is on is in the document.
func TestSmoke(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "benchmarks.md")
	doc := bench(t, "--only", "hashing,latency,large,start", "--latencies", "20ms", "--out", out)
	written, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, doc, string(written))
	for _, want := range []string{
		`- copy, hashing: \d+\.\d\dx, target 0\.90x: (met|MISSED)`,
		`- copy, 20ms: \d+\.\d\dx, target 0\.95x: (met|MISSED)`,
		`Seconds of the job's phases, medians: queued .*, copying \d+\.\d\d, .*switching`,
		`- peak memory beyond REEMBED_MEMORY_MB: -?\d+ MB, target at most 150 MB: met`,
		`- history events of the job and its ranges, per 1M items: [1-9]\d+, target at most 1000: MISSED`,
		`- growth exponent of the copy: -?\d+\.\d\d, target`,
		`- peak memory, of that with fewer items: [01]\.\d\dx, target`,
		`- start to the first row: \d+\.\d\d s, target`,
		`\| Temporal \| temporal version .*start-dev`,
		`\| worker \| .REEMBED_BATCH_SIZE=100 REEMBED_SYNC_SLOTS=4`,
		`load average at the end`,
	} {
		require.Regexp(t, want, doc)
	}
}

func TestSmokeOfKill(t *testing.T) {
	t.Parallel()
	doc := bench(t, "--only", "kill")
	require.Regexp(t, `- restart to the next row .*: \d+\.\d s, target at most`, doc)
	require.Regexp(t, `- embedded twice beyond what was in flight: (-\d+|0), target at most 0: met`, doc)
}

// Enough items that the application changes some before the job is over.
func TestSmokeOfChanges(t *testing.T) {
	t.Parallel()
	doc := bench(t, "--only", "changed", "--large", "20000")
	require.Regexp(t, `## 20000 items, of which 20 change`, doc)
	require.Regexp(t, `- catching-up, of the copy's time: \d+\.\d %, target at most 2\.0 %: (met|MISSED)`, doc)
}

// bench returns the document of a small benchmark.
func bench(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	var stdout, progress bytes.Buffer
	args = append([]string{"--items", "1000", "--large", "2000", "--repetitions", "1", "--repeat-large", "1", "--dir", dir, "--worker", worker}, args...)
	require.Zero(t, suite.Run(t.Context(), args, os.Environ(), &stdout, &progress), progress.String())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "nothing is left behind")
	return stdout.String()
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--only=hashing,nothing": `--only "nothing": want some of hashing, latency, large, changed, kill, start`,
		"--items=0":              "numbers are 1 at least",
		"rest":                   `unexpected argument "rest"`,
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 2, suite.Run(t.Context(), []string{args}, nil, &stdout, &stderr))
		require.Contains(t, stderr.String(), want)
	}
	var stdout, stderr bytes.Buffer
	require.Zero(t, suite.Run(t.Context(), []string{"--help"}, nil, &stdout, &stderr))
	require.Contains(t, stdout.String(), "--repetitions")
}
