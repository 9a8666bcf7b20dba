package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/reembed/reembed/cmd/stand"
)

// built is the folder of the programs that the tests run.
var built string

func program(name string) string { return filepath.Join(built, name) }

func TestMain(m *testing.M) {
	if os.Getenv(killAtVariable) != "" {
		os.Exit(fragile())
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "reembed-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = dir
	if err := stand.Build(context.Background(), dir, "reembed", "reembed-worker", "reembed-demo"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
