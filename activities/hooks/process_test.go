package hooks_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// endProcess kills what a test has left behind.
func endProcess(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	require.NoError(t, err)
	p, err := os.FindProcess(n)
	require.NoError(t, err)
	require.NoError(t, p.Kill())
}
