package corpus

import (
	"context"
	"fmt"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/reembed/reembed/backends"
)

// GOROOT returns the root of a Go installation that has its source: as `go env
// GOROOT` says or, without a go command, as this program was built with. An
// ErrNotFound says what to do.
func GOROOT(ctx context.Context) (string, error) {
	root := build.Default.GOROOT
	if out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output(); err == nil {
		root = strings.TrimSpace(string(out))
	} else if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return root, check(root)
}

// check says whether there is a library's source under root.
func check(root string) error {
	if root == "" {
		return fmt.Errorf("%w: no Go installation: put go on the PATH, or set GOROOT", backends.ErrNotFound)
	}
	src := filepath.Join(root, "src")
	if info, err := os.Stat(src); err != nil || !info.IsDir() {
		return fmt.Errorf("%w: no source of the standard library in %s: set GOROOT to an installation that has it", backends.ErrNotFound, src)
	}
	return nil
}
