package storm

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/reembed/reembed/cmd/stand"
)

// How long, and which.
var (
	lasts   = flag.Duration("for", 30*time.Second, "how long something breaks every few seconds; the storm ends with the life that is under way then")
	seeding = flag.Uint64("seed", 0, "of the writes and hits; 0: another one each time")
)

// built is the folder of the programs that the storm runs.
var built string

func program(name string) string { return filepath.Join(built, name) }

func TestMain(m *testing.M) {
	if path := os.Getenv(lockVariable); path != "" {
		os.Exit(holdLock(path))
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "reembed-storm-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = dir
	if err := stand.Build(context.Background(), dir, "reembed", "reembed-worker"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
