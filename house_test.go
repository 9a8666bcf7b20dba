package reembed_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// files returns the paths and contents of all files with one of the endings
// that belong to the repository.
func files(t *testing.T, endings ...string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", ".reembed"}, path):
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(path, e) }):
			return nil
		}
		found[path], err = os.ReadFile(path)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	own, _ := list(t)
	for _, p := range own {
		if len(p.GoFiles) == 0 {
			continue // tests only
		}
		if p.Doc == "" {
			t.Errorf("%s has no package comment", short(p.ImportPath))
		}
		if p.Name != "main" && !slices.Contains(p.GoFiles, "doc.go") {
			t.Errorf("%s has no doc.go", short(p.ImportPath))
		}
	}
}

func TestNoPackageIsNamedForNothing(t *testing.T) {
	t.Parallel()
	nothing := []string{"util", "utils", "common", "types", "helper", "helpers", "manager", "managers", "pkg", "misc", "base", "lib", "shared"}
	own, _ := list(t)
	for _, p := range own {
		for _, part := range strings.Split(short(p.ImportPath), "/") {
			if slices.Contains(nothing, part) {
				t.Errorf("%s: %q does not say what is in it", short(p.ImportPath), part)
			}
		}
	}
}

func TestNoFileIsOver400Lines(t *testing.T) {
	t.Parallel()
	for path, content := range files(t, ".go") {
		if n := bytes.Count(content, []byte("\n")); n > 400 {
			t.Errorf("%s has %d lines: give each of its subjects a file", path, n)
		}
	}
}

// A test that sleeps is slow or flaky, mostly both; one that skips looks passed.
// In the bubble of a synctest a sleep only moves a clock.
func TestNoTestSleepsOrSkips(t *testing.T) {
	t.Parallel()
	for path, content := range files(t, "_test.go") {
		for _, call := range forbiddenCalls(t, path, content) {
			t.Errorf("%s: wait for what is to happen, and don't skip", call)
		}
	}
}

func forbiddenCalls(t *testing.T, path string, content []byte) []string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, content, 0)
	require.NoError(t, err)
	bubbles := slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing/synctest"` })
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, _ := name.X.(*ast.Ident)
		sleeps := !bubbles && of != nil && of.Name == "time" && name.Sel.Name == "Sleep"
		skips := slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, name.Sel.Name)
		if sleeps || skips {
			found = append(found, set.Position(call.Pos()).String()+": "+name.Sel.Name)
		}
		return true
	})
	return found
}

func TestForbiddenCallsAreFound(t *testing.T) {
	t.Parallel()
	found := forbiddenCalls(t, "x_test.go", []byte(`package x
func f(t *testing.T) {
	time.Sleep(1)
	t.Skip("later")
	workflow.Sleep(ctx, 1) // another clock
	_ = "time.Sleep(1)"
}`))
	require.Equal(t, []string{"x_test.go:3:2: Sleep", "x_test.go:4:2: Skip"}, found)
	found = forbiddenCalls(t, "y_test.go", []byte(`package y
import "testing/synctest"
func f(t *testing.T) {
	time.Sleep(1)
	t.SkipNow()
}`))
	require.Equal(t, []string{"y_test.go:5:2: SkipNow"}, found)
}

// What is in the repository works in any folder of any machine.
func TestNoPathOfAMachine(t *testing.T) {
	t.Parallel()
	// In two parts, so that this file does not name them.
	machine := regexp.MustCompile(`(^|[\s"'=(:` + "`" + `])/(` + strings.Join([]string{"wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"}, "|") + `)/`)
	for path, content := range files(t, ".go", ".md", ".yaml", ".yml", ".json", ".sh", ".txtar", ".jsonl", "Makefile", "go.mod") {
		for n, line := range bytes.Split(content, []byte("\n")) {
			if machine.Match(line) {
				t.Errorf("%s:%d: %s", path, n+1, bytes.TrimSpace(line))
			}
		}
	}
	require.True(t, machine.MatchString("cd /ho"+"me/x"))
}
