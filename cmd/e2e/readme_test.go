package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// TestOwnData runs the reembed commands of the README, in their order, with the
// catalog and the items of docs/example.
func TestOwnData(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{items: 1})
	r.dir = filepath.Join(t.TempDir(), "try-reembed")
	require.NoError(t, os.CopyFS(r.dir, os.DirFS("../../docs/example")))
	r.env = append(r.env, "REEMBED_CATALOG=") // as in a terminal: the one of the folder
	r.worker("REEMBED_CATALOG=" + filepath.Join(r.dir, "reembed.yaml"))

	var dev bool
	for _, command := range readme(t, "reembed ") {
		if command == "reembed dev" {
			dev = true // the rig has started the same: it would run until Ctrl-C
			continue
		}
		out, code := r.shell(command)
		require.Zero(t, code, "%s:\n%s", command, out)
	}
	require.True(t, dev, "the README does not say how to start a server and a worker")

	s, err := r.client.Status(t.Context(), starter.Handle{ID: "move-docs"})
	require.NoError(t, err)
	require.Equal(t, workflows.Completed, s.State)
	r.everyVectorIsRight("docs", "large")
}
