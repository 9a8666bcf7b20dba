package corpus_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/starter/demo/corpus"
)

func TestStandardLibrary(t *testing.T) {
	t.Parallel()
	root, err := corpus.GOROOT(t.Context())
	require.NoError(t, err)
	items, err := corpus.Walk(t.Context(), root)
	require.NoError(t, err)
	require.Greater(t, len(items), 6000)
	require.Less(t, len(items), 12000)

	byID := map[string]backends.Item{}
	for _, item := range items {
		require.NoError(t, backends.ValidateID(item.ID))
		_, known := byID[item.ID]
		require.False(t, known, "an id stands for one item: %s", item.ID)
		byID[item.ID] = item
		p := payload(t, item)
		require.True(t, item.ID == p.Package || strings.HasPrefix(item.ID, p.Package+"."))
		for _, part := range strings.Split(p.Package, "/") {
			require.NotContains(t, []string{"internal", "vendor", "testdata", "cmd"}, part)
		}
	}
	for id, kind := range map[string]string{
		"net/http":            corpus.KindPackage,
		"net/http.Client":     corpus.KindType,
		"net/http.Client.Do":  corpus.KindMethod,
		"sort.Interface.Less": corpus.KindMethod,
		"os.ReadFile":         corpus.KindFunc,
		"bytes.NewBuffer":     corpus.KindFunc, // go/doc lists it with its type
		"time.RFC3339":        corpus.KindConst,
		"io.EOF":              corpus.KindVar,
		"unsafe.Pointer":      corpus.KindType,
	} {
		item, ok := byID[id]
		require.True(t, ok, id)
		require.Equal(t, kind, payload(t, item).Kind, id)
	}
	require.True(t, strings.HasPrefix(byID["os.ReadFile"].Text,
		"func ReadFile(name string) ([]byte, error)\n\nReadFile reads the named file"), byID["os.ReadFile"].Text)

	again, err := corpus.Walk(t.Context(), root)
	require.NoError(t, err)
	require.Equal(t, items, again, "the same order each time")
}

const shapes = `
// Package shapes draws.
package shapes

// Shape is drawn.
type Shape interface {
	// Area is in square metres.
	Area() float64
	Undocumented()
	hidden()
}

// Circle is round.
type Circle struct {
	// Radius is in metres.
	Radius float64
	secret int
}

// New makes a Circle.
func New(radius float64) *Circle { return &Circle{Radius: radius} }

// Area of the circle.
func (c *Circle) Area() float64 { return 3 * c.Radius * c.Radius }

func (c *Circle) Bare() {}

// hidden is not exported.
func (c *Circle) hidden() {}

// Corners of shapes.
const (
	None, One = 0, 1
	Three     = 3 // of a triangle
	// Four of a square.
	Four = 4
	many = 5
)

const Mystery = 7

// Table is long.
var Table = []string{
	"a",
}

// Copy of T.
func Copy[T any](v T) T { return v }

func Loose() {}
`

func TestFixture(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"src/draw/shapes/shapes.go":          shapes,
		"src/draw/shapes/shapes_windows.go":  "package shapes\n\n// Windows only.\nfunc Windows() {}\n",
		"src/draw/shapes/shapes_linux.go":    "package shapes\n\n// Linux only.\nfunc Linux() {}\n",
		"src/draw/shapes/arm.go":             "//go:build arm64\n\npackage shapes\n\n// Arm only.\nfunc Arm() {}\n",
		"src/draw/shapes/native.go":          "package shapes\n\nimport \"C\"\n\n// Native calls C.\nfunc Native() {}\n",
		"src/draw/shapes/shapes_test.go":     "package shapes\n\n// Tested is of a test.\nfunc Tested() {}\n",
		"src/draw/shapes/testdata/x.go":      "broken",
		"src/draw/internal/x/x.go":           "// Package x is internal.\npackage x\n",
		"src/vendor/golang.org/v/v.go":       "// Package v is vendored.\npackage v\n",
		"src/cmd/tool/main.go":               "// Tool is a command.\npackage main\n",
		"src/_old/old.go":                    "// Package old is left out.\npackage old\n",
		"src/nothing/nothing_plan9.go":       "// Package nothing is of another system.\npackage nothing\n",
		"src/undocumented/undocumented.go":   "package undocumented\n",
		"src/draw/cmd/cmd.go":                "// Package cmd is a library.\npackage cmd\n",
		"src/draw/shapes/README.md":          "# not Go",
		"src/draw/shapes/deeper/empty/.keep": "",
	})
	items, err := corpus.Walk(t.Context(), root)
	require.NoError(t, err)
	texts, order := map[string]string{}, []string{}
	for _, item := range items {
		texts[item.ID] = item.Text
		order = append(order, item.ID)
	}
	require.Equal(t, map[string]string{
		"draw/cmd":                "package cmd\n\nPackage cmd is a library.",
		"draw/shapes":             "package shapes\n\nPackage shapes draws.",
		"draw/shapes.None":        "const None = 0\n\nCorners of shapes.",
		"draw/shapes.One":         "const One = 1\n\nCorners of shapes.",
		"draw/shapes.Three":       "const Three = 3\n\nof a triangle",
		"draw/shapes.Four":        "const Four = 4\n\nFour of a square.",
		"draw/shapes.Table":       "var Table\n\nTable is long.",
		"draw/shapes.Copy":        "func Copy[T any](v T) T\n\nCopy of T.",
		"draw/shapes.Linux":       "func Linux()\n\nLinux only.",
		"draw/shapes.Native":      "func Native()\n\nNative calls C.",
		"draw/shapes.Circle":      "type Circle struct {\n\t// Radius is in metres.\n\tRadius float64\n}\n\nCircle is round.",
		"draw/shapes.New":         "func New(radius float64) *Circle\n\nNew makes a Circle.",
		"draw/shapes.Circle.Area": "func (c *Circle) Area() float64\n\nArea of the circle.",
		"draw/shapes.Shape":       "type Shape interface {\n\t// Area is in square metres.\n\tArea() float64\n\tUndocumented()\n}\n\nShape is drawn.",
		"draw/shapes.Shape.Area":  "func (Shape) Area() float64\n\nArea is in square metres.",
	}, texts)
	require.Equal(t, []string{"draw/cmd", "draw/shapes"}, order[:2], "packages in order, each before its symbols")
	require.Len(t, order, len(texts))
}

func TestRefused(t *testing.T) {
	t.Parallel()
	t.Run("no source", func(t *testing.T) {
		t.Parallel()
		for _, root := range []string{"", t.TempDir()} {
			_, err := corpus.Walk(t.Context(), root)
			require.ErrorIs(t, err, backends.ErrNotFound)
			require.ErrorContains(t, err, "set GOROOT")
		}
	})
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"does not parse": {map[string]string{"src/a/b/b.go": "package b\n\nfunc {"}, "package a/b"},
		"two packages":   {map[string]string{"src/a/x.go": "package x\n", "src/a/y.go": "package y\n"}, "package a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := corpus.Walk(t.Context(), tree(t, tt.files))
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := corpus.Walk(ctx, tree(t, map[string]string{"src/a/a.go": "package a\n"}))
		require.ErrorIs(t, err, context.Canceled)
	})
}

// Debian's packages link src to another place; a walk does not follow by itself.
func TestLinkedSource(t *testing.T) {
	t.Parallel()
	real, linked := tree(t, map[string]string{"src/a/a.go": "// Package a is there.\npackage a\n"}), t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(real, "src"), filepath.Join(linked, "src")))
	items, err := corpus.Walk(t.Context(), linked)
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.Equal(t, "a", items[0].ID)
}

func TestGOROOT(t *testing.T) {
	empty := t.TempDir()
	t.Setenv("GOROOT", empty)
	_, err := corpus.GOROOT(t.Context())
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.ErrorContains(t, err, empty)

	root := tree(t, map[string]string{"src/a/a.go": "package a\n"})
	t.Setenv("GOROOT", root)
	got, err := corpus.GOROOT(t.Context())
	require.NoError(t, err)
	require.Equal(t, root, got)
}

func payload(t *testing.T, item backends.Item) corpus.Payload {
	t.Helper()
	var p corpus.Payload
	require.NoError(t, json.Unmarshal(item.Payload, &p))
	return p
}

// tree writes files below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	return root
}
