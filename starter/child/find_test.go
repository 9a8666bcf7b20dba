package child_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/child"
)

func TestFind(t *testing.T) {
	const name = "reembed-test-of-find"
	_, err := child.Find(name)
	require.ErrorIs(t, err, exec.ErrNotFound)

	dir := t.TempDir()
	onPath := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(onPath, []byte("#!/bin/sh\n"), 0o755))
	t.Setenv("PATH", dir)
	got, err := child.Find(name)
	require.NoError(t, err)
	require.Equal(t, onPath, got)

	self, err := os.Executable()
	require.NoError(t, err)
	beside := filepath.Join(filepath.Dir(self), name)
	t.Cleanup(func() { require.NoError(t, os.Remove(beside)) }) // or a second run of this program would find it
	require.NoError(t, os.WriteFile(beside, []byte("#!/bin/sh\n"), 0o755))
	got, err = child.Find(name)
	require.NoError(t, err)
	require.Equal(t, beside, got, "the one of the same build comes first")
}
