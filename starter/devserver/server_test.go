package devserver_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/starter/devserver"
)

func start(t *testing.T, o devserver.Options) *devserver.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := devserver.Start(ctx, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

// begin starts a workflow that nobody runs, and returns its run id.
func begin(t *testing.T, s *devserver.Server, id string) string {
	t.Helper()
	c, err := s.Dial(client.Options{})
	require.NoError(t, err)
	defer c.Close()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "nobody"}, "Nothing")
	require.NoError(t, err)
	return run.GetRunID()
}

func describe(t *testing.T, s *devserver.Server, id string) string {
	t.Helper()
	c, err := s.Dial(client.Options{})
	require.NoError(t, err)
	defer c.Close()
	d, err := c.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	return d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}

func TestServerIsReadyAndKeepsItsFileOverACrash(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "here")
	s := start(t, devserver.Options{Dir: dir})
	address, pid := s.Address(), s.Pid()
	run := begin(t, s, "kept")
	require.Equal(t, []string{"TEMPORAL_ADDRESS=" + address, "TEMPORAL_NAMESPACE=default"}, s.Env())
	require.Empty(t, s.UIURL())

	require.NoError(t, s.Kill())
	<-s.Done()
	require.NoError(t, s.Restart(t.Context()))
	require.Equal(t, address, s.Address())
	require.NotEqual(t, pid, s.Pid())
	require.Equal(t, run, describe(t, s, "kept"))

	require.NoError(t, s.Restart(t.Context()), "of a running server")
	require.Equal(t, run, describe(t, s, "kept"))
	require.FileExists(t, filepath.Join(dir, "temporal.log"))
}

// TestStartCutShortDoesNotSpoilTheNext guards against a Ctrl-C in the first start
// after which no server ever started in that folder: "no such table: namespaces".
func TestStartCutShortDoesNotSpoilTheNext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	half := script(t, "echo half > "+filepath.Join(dir, "temporal.db")+"; exit 1")
	_, err := devserver.Start(t.Context(), devserver.Options{Dir: dir, Binary: half})
	require.ErrorContains(t, err, "the process ended")
	require.FileExists(t, filepath.Join(dir, "temporal.db"))

	s := start(t, devserver.Options{Dir: dir})
	run := begin(t, s, "kept")
	require.NoError(t, s.Stop())
	_, err = devserver.Start(t.Context(), devserver.Options{Dir: dir, Binary: script(t, "exit 1")})
	require.Error(t, err)
	require.NoError(t, s.Restart(t.Context()))
	require.Equal(t, run, describe(t, s, "kept"), "a database that has served is never removed")
}

func TestWebUI(t *testing.T) {
	t.Parallel()
	s := start(t, devserver.Options{UI: true})
	resp, err := http.Get(s.UIURL())
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// script makes a file that stands in for a temporal CLI which misbehaves.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "temporal")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	return path
}

func TestServerThatEndsAtOnceIsShownWithItsOutput(t *testing.T) {
	t.Parallel()
	_, err := devserver.Start(t.Context(), devserver.Options{Binary: script(t, "echo no such flag; exit 7")})
	require.ErrorContains(t, err, "exit status 7")
	require.ErrorContains(t, err, "no such flag")
}

func TestContextEndsTheWaitAndTheServer(t *testing.T) {
	t.Parallel()
	pidFile := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := devserver.Start(ctx, devserver.Options{Binary: script(t, "echo $$ > "+pidFile+"; exec sleep 600")})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	raw, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Join("/proc", strconv.Itoa(pid)), "the process was left behind")
}

// A restart that fails leaves a server that can still be stopped, and started.
func TestRestartWithoutTheBinary(t *testing.T) {
	t.Parallel()
	found, err := devserver.Find()
	require.NoError(t, err)
	binary := filepath.Join(t.TempDir(), "temporal")
	require.NoError(t, os.Symlink(found, binary))
	s := start(t, devserver.Options{Dir: t.TempDir(), Binary: binary})
	require.NoError(t, os.Remove(binary))
	require.ErrorIs(t, s.Restart(t.Context()), os.ErrNotExist)
	require.NoError(t, s.Stop())
	require.NoError(t, os.Symlink(found, binary))
	require.NoError(t, s.Restart(t.Context()))
	require.NotEmpty(t, begin(t, s, "after"))
}

func TestTakenPortIsAnError(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	_, err = devserver.Start(t.Context(), devserver.Options{Port: l.Addr().(*net.TCPAddr).Port})
	require.ErrorContains(t, err, "its output ends with")
}

func TestFreePortCanBeListenedOn(t *testing.T) {
	t.Parallel()
	port, err := devserver.FreePort()
	require.NoError(t, err)
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	require.NoError(t, err)
	require.NoError(t, l.Close())
}
