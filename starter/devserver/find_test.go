package devserver_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/devserver"
)

// TestAdviceIsATarget guards who has no binary against a target that there is not.
func TestAdviceIsATarget(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	advice := regexp.MustCompile("`make (.*)`").FindStringSubmatch(devserver.ErrNoBinary.Error())
	require.NotNil(t, advice)
	require.Contains(t, string(makefile), "\n.PHONY: "+advice[1]+"\n")
}

// These tests change the environment and the working folder, so that they can't
// run beside others.

func TestFindPrefersPath(t *testing.T) {
	binary := script(t, "exit 0")
	t.Setenv("PATH", filepath.Dir(binary))
	found, err := devserver.Find()
	require.NoError(t, err)
	require.Equal(t, binary, found)
}

func TestFindLooksIntoTheModule(t *testing.T) {
	t.Setenv("PATH", "")
	module := t.TempDir()
	below := filepath.Join(module, "a", "b")
	require.NoError(t, os.MkdirAll(below, 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(module, "bin"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(module, "go.mod"), nil, 0o644))
	binary := filepath.Join(module, "bin", "temporal")
	t.Chdir(below)

	_, err := devserver.Find()
	require.ErrorIs(t, err, devserver.ErrNoBinary)
	require.ErrorContains(t, err, "make temporal")

	require.NoError(t, os.WriteFile(binary, nil, 0o644))
	_, err = devserver.Find()
	require.ErrorIs(t, err, devserver.ErrNoBinary, "a file that can't be run")

	require.NoError(t, os.Chmod(binary, 0o755))
	found, err := devserver.Find()
	require.NoError(t, err)
	require.Equal(t, binary, found)
}

func TestStartWithoutBinary(t *testing.T) {
	t.Setenv("PATH", "")
	t.Chdir(t.TempDir())
	_, err := devserver.Start(t.Context(), devserver.Options{})
	require.ErrorIs(t, err, devserver.ErrNoBinary)
}
