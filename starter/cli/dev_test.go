package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// worker writes a program that stands for the worker: it says whom it would
// work for, and ends when it is told to, or at once with a code. What it does
// first is done before it says anything.
func worker(t *testing.T, first, end string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), workerProgram)
	script := fmt.Sprintf("#!/bin/sh\n%s\necho \"worker of $TEMPORAL_ADDRESS, $TEMPORAL_NAMESPACE, key '$TEMPORAL_API_KEY', $REEMBED_CATALOG, $*\" >&2\n%s\n", first, end)
	require.NoError(t, os.WriteFile(path, []byte(script), 0o700))
	return path
}

// devRun starts dev in a folder of its own and returns what it prints, and its
// exit code once it has ended.
func devRun(t *testing.T, ctx context.Context, program string) (stdout, stderr *bufio.Reader, code chan int) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "reembed.yaml")
	require.NoError(t, os.WriteFile(file, []byte(twoStores), 0o600))
	outR, outW := io.Pipe()
	errR, errW := io.Pipe()
	env := append(os.Environ(), "TEMPORAL_ADDRESS=prod:7233", "TEMPORAL_API_KEY=secret")
	code = make(chan int, 1)
	go func() {
		code <- Run(ctx, []string{
			"dev", "--catalog", file, "--dir", filepath.Join(dir, "dev"), "--port", "0", "--ui-port", "0",
			"--worker", program, "-o", "json", "--", "--verbose",
		}, env, nil, outW, errW)
		outW.Close()
		errW.Close()
	}()
	return bufio.NewReader(outR), bufio.NewReader(errR), code
}

// Ctrl-C ends worker and server; the worker works for this server, whatever the
// user's environment says about another.
func TestDevEndsBothOnCtrlC(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	stdout, stderr, code := devRun(t, ctx, worker(t, "trap 'echo worker ends >&2; exit 0' TERM", "while :; do sleep 0.05; done"))
	said, err := stderr.ReadString('\n')
	require.NoError(t, err)
	var addresses devAddresses
	require.NoError(t, json.NewDecoder(stdout).Decode(&addresses))
	require.Contains(t, said, "worker of "+addresses.Temporal+", default, key '', ")
	require.True(t, strings.HasSuffix(said, "reembed.yaml, --verbose\n"), said)
	conn, err := net.DialTimeout("tcp", addresses.Temporal, 5*time.Second)
	require.NoError(t, err)
	require.NoError(t, conn.Close())

	interrupt()
	rest, err := io.ReadAll(stderr)
	require.NoError(t, err)
	require.Contains(t, string(rest), "worker ends\n")
	require.Equal(t, exitOK, <-code)
	for _, pid := range []int{addresses.Worker, addresses.Server} {
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	}
}

// A worker that ends by itself ends dev, with its code in the error.
func TestDevEndsWithItsWorker(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := devRun(t, t.Context(), worker(t, "", "exit 7"))
	out := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, stdout)
		out <- err
	}()
	said, err := io.ReadAll(stderr)
	require.NoError(t, err)
	require.NoError(t, <-out)
	require.Contains(t, string(said), "Error: the worker ended (exit code 7)")
	require.Equal(t, exitFailed, <-code)
}
