package reembed_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Documents name the tests that back what they say: a name that is no test any
// more is a promise that nothing holds.
func TestDocumentsNameRealTests(t *testing.T) {
	t.Parallel()
	declared := tests(t)
	named := 0
	for file, content := range files(t, ".md") {
		for _, m := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)`").FindAllSubmatch(content, -1) {
			named++
			if !declared[string(m[1])] {
				t.Errorf("%s names %s, which is no test", file, m[1])
			}
		}
	}
	require.Greater(t, named, 30)
}

// tests are the names of all tests, fuzz tests and benchmarks.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	declared := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	for _, content := range files(t, "_test.go") {
		for _, m := range declaration.FindAllSubmatch(content, -1) {
			declared[string(m[1])] = true
		}
	}
	return declared
}

// Links and folders in documents lead somewhere.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#\s]+)`)
	seen := 0
	for file, content := range files(t, ".md") {
		for _, m := range link.FindAllSubmatch(content, -1) {
			to := string(m[1])
			if strings.Contains(to, "://") {
				continue
			}
			seen++
			if _, err := os.Stat(filepath.FromSlash(path.Join(path.Dir(filepath.ToSlash(file)), to))); err != nil {
				t.Errorf("%s links to %s: %v", file, to, err)
			}
		}
	}
	require.Positive(t, seen)
}

// Direct dependencies each have their reason.
func TestEveryDependencyHasALine(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("ARCHITECTURE.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(raw), "\n## Dependencies\n")
	require.True(t, found)
	own, standard := list(t)
	modules := map[string]bool{}
	for _, p := range own {
		for _, imported := range p.Imports {
			if !standard[imported] && !strings.HasPrefix(short(imported), ".") {
				modules[imported] = true
			}
		}
	}
	require.NotEmpty(t, modules)
	for imported := range modules {
		if !named(table, imported) {
			t.Errorf("%s has no line under Dependencies in ARCHITECTURE.md", imported)
		}
	}
}

// named reports whether the table has a module that the package is of.
func named(table, pkg string) bool {
	for ; strings.Contains(pkg, "/"); pkg = path.Dir(pkg) {
		if strings.Contains(table, "`"+pkg+"`") {
			return true
		}
	}
	return false
}
