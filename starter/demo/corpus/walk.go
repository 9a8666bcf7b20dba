package corpus

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/reembed/reembed/backends"
)

// Walk returns the items of the library under goroot: package after package in
// the order of their paths, each package first and its symbols behind it, in a
// fixed order. ErrNotFound when there is no source; a package that can't be
// read or parsed is an error, not left out.
func Walk(ctx context.Context, goroot string) ([]backends.Item, error) {
	if err := check(goroot); err != nil {
		return nil, err
	}
	src, err := filepath.EvalSymlinks(filepath.Join(goroot, "src")) // a link in Debian's packages
	if err != nil {
		return nil, fmt.Errorf("read the standard library: %w", err)
	}
	world := target(goroot)
	var items []backends.Item
	err = filepath.WalkDir(src, func(dir string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !entry.IsDir() || dir == src:
			return nil
		}
		rel, err := filepath.Rel(src, dir)
		if err != nil {
			return err
		}
		importPath := filepath.ToSlash(rel)
		if outside(importPath) {
			return fs.SkipDir
		}
		found, err := readPackage(world, dir, importPath)
		if err != nil {
			return fmt.Errorf("package %s: %w", importPath, err)
		}
		items = append(items, found...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the standard library: %w", err)
	}
	return items, nil
}

// target is the machine that the corpus is made for.
func target(goroot string) build.Context {
	world := build.Default
	world.GOROOT = goroot
	world.GOOS, world.GOARCH, world.Compiler = "linux", "amd64", "gc"
	world.CgoEnabled = true
	world.BuildTags, world.ToolTags, world.InstallSuffix = nil, nil, ""
	return world
}

// outside reports whether a folder and all below it are not the library.
func outside(importPath string) bool {
	name := path.Base(importPath)
	switch name {
	case "internal", "vendor", "testdata":
		return true
	}
	return importPath == "cmd" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// readPackage returns the items of one folder; none when it holds no file that
// is built.
func readPackage(world build.Context, dir, importPath string) ([]backends.Item, error) {
	built, err := world.ImportDir(dir, 0)
	var none *build.NoGoError
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find its files: %w", err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, names := range [][]string{built.GoFiles, built.CgoFiles} {
		for _, name := range names {
			f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
			if err != nil {
				return nil, fmt.Errorf("parse: %w", err)
			}
			files = append(files, f)
		}
	}
	p, err := doc.NewFromFiles(fset, files, importPath)
	if err != nil {
		return nil, fmt.Errorf("read doc comments: %w", err)
	}
	r := reader{fset: fset, path: importPath}
	if err := r.readAll(p); err != nil {
		return nil, err
	}
	return r.items, nil
}
