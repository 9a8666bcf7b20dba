//go:build unix

package hooks_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCommandEndsWithItsChildren guards a worker against what a hook that did not
// end in time has started: it is asked again and again, and each time left one more
// behind. The pipe is at its end once nobody has it open for writing.
func TestCommandEndsWithItsChildren(t *testing.T) {
	t.Parallel()
	c, h := script(t, "exec 3>pipe; sleep 600 & echo $! > pid; wait")
	pipe := filepath.Join(c.Dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	h.Timeout = time.Second
	ended := make(chan error, 1)
	go func() {
		_, err := os.ReadFile(pipe)
		ended <- err
	}()
	require.ErrorContains(t, c.Call(t.Context(), h, message()), "did not end within 1s")
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		raw, err := os.ReadFile(filepath.Join(c.Dir, "pid"))
		require.NoError(t, err)
		endProcess(t, strings.TrimSpace(string(raw)))
		require.Fail(t, "its child lives on")
	}
}
