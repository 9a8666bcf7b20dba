package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDemo guards what a new user sees first.
func TestDemo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program("reembed-demo"), "--once", "--dir", filepath.Join(t.TempDir(), "demo"))
	cmd.Env = os.Environ()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Run(), out.String())
	said := out.String()
	require.Contains(t, said, "COMPLETED")
	require.Contains(t, said, "nothing missing, extra, stale or of another model")
	before, after := figure(t, said, `hashing-256 +([0-9.]+)`), figure(t, said, `hashing-1024 +([0-9.]+)`)
	require.Greater(t, after, before, "nDCG@10 of the new model")
	require.Positive(t, figure(t, said, `the kill +([0-9]+) vectors kept`))
	require.Positive(t, figure(t, said, `([0-9]+) texts were on their way and embedded twice`))
}

func figure(t *testing.T, said, pattern string) float64 {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(said)
	require.Len(t, found, 2, "%s in:\n%s", pattern, said)
	f, err := strconv.ParseFloat(found[1], 64)
	require.NoError(t, err)
	return f
}
