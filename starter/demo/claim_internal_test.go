package demo

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSecondDemoLeavesTheFirstAlone guards against a second `make demo` that
// emptied the folder below the first.
func TestSecondDemoLeavesTheFirstAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	first, err := settle(dir)
	require.NoError(t, err)
	_, err = settle(dir)
	require.ErrorContains(t, err, "another demo runs in "+dir)
	require.FileExists(t, first.catalog)

	left := filepath.Join(dir, "left over")
	require.NoError(t, os.WriteFile(left, nil, 0o600))
	require.NoError(t, first.lock.Close(), "as when its process ends")
	second, err := settle(dir)
	require.NoError(t, err)
	require.NoFileExists(t, left)
	require.FileExists(t, second.catalog)
	require.NoError(t, second.lock.Close())
}

// TestOnlyDemosAreEmptied guards folders of others that --dir names.
func TestOnlyDemosAreEmptied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	require.NoError(t, os.WriteFile(precious, nil, 0o600))
	_, err := settle(dir)
	require.ErrorContains(t, err, "is not empty, and no former demo's")
	require.FileExists(t, precious)
}
