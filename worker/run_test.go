package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/worker"
)

// catalogFile writes a catalog of two namespaces, and returns its path. The
// table of missing is never made.
func catalogFile(t *testing.T, embedders string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "reembed.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
registry: {store: local}
stores:
  local: {driver: sqlite, path: %q}
embedders:
  %s
models:
  small: {embedder: builtin, dimensions: 16, metric: cosine}
namespaces:
  docs: {store: local, table: docs, model: small, writes: text}
  missing: {store: local, table: nothing, model: small, writes: text}
`, filepath.Join(dir, "store.db"), embedders), 0o600))
	return path
}

const hashing = "builtin: {driver: hashing}"

// log takes a worker's log while it runs.
type log struct {
	mu    sync.Mutex
	text  bytes.Buffer
	lines chan map[string]any
}

func newLog() *log { return &log{lines: make(chan map[string]any, 1000)} }

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	var line map[string]any
	if json.Unmarshal(p, &line) == nil {
		select {
		case l.lines <- line:
		default:
		}
	}
	return len(p), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await returns the next line with the message.
func (l *log) await(t *testing.T, msg string) map[string]any {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case line := <-l.lines:
			if line["msg"] == msg {
				return line
			}
		case <-timeout:
			require.Fail(t, "no line "+msg, l.String())
		}
	}
}

// running is a worker in this process.
type running struct {
	*log
	base string // URL
	stop context.CancelFunc
	done chan int
}

// start runs a worker and returns once it serves HTTP.
func start(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{log: newLog(), stop: cancel, done: make(chan int, 1)}
	args = append([]string{"--http-addr=127.0.0.1:0", "--log-format=json"}, args...)
	env = append([]string{"TEMPORAL_CONFIG_FILE=" + filepath.Join(t.TempDir(), "none")}, env...)
	var stdout bytes.Buffer
	go func() {
		r.done <- worker.Run(ctx, "test", args, env, &stdout, r.log)
		close(r.done)
	}()
	t.Cleanup(func() {
		cancel()
		<-r.done
		require.Empty(t, stdout.String())
	})
	line := r.await(t, "serving metrics and health")
	r.base = "http://" + line["address"].(string)
	return r
}

func (r *running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	resp, err := http.Get(r.base + path)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, string(body)
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	good := catalogFile(t, hashing)
	for name, c := range map[string]struct {
		args, env []string
		code      int
		want      []string
	}{
		"flags":     {args: []string{"--nonsense"}, code: worker.ExitUnusable, want: []string{"unknown flag: --nonsense"}},
		"variables": {env: []string{"REEMBED_BATCH_SIZE=x", "REEMBED_SYNC_SLOTS=y"}, code: worker.ExitUnusable, want: []string{"REEMBED_BATCH_SIZE", "REEMBED_SYNC_SLOTS"}},
		"no catalog": {
			args: []string{"--catalog=/nowhere/reembed.yaml"}, code: worker.ExitUnusable,
			want: []string{"/nowhere/reembed.yaml"},
		},
		"bad catalog": {
			args: []string{"--catalog", catalogFile(t, "builtin: {driver: hasing}")}, code: worker.ExitUnusable,
			want: []string{"hasing", "reembed.yaml"},
		},
		"profile": {
			args: []string{"--catalog", good}, env: []string{"TEMPORAL_PROFILE=absent"}, code: worker.ExitUnusable,
			want: []string{"TEMPORAL_*", "absent"},
		},
		"busy port": {
			args: []string{"--catalog", good, "--http-addr", taken.Addr().String()}, code: worker.ExitTaken,
			want: []string{"address already in use", taken.Addr().String(), "--http-addr"},
		},
		"log file": {
			args: []string{"--catalog", good, "--log-file=/nowhere/w.log"}, code: worker.ExitTaken,
			want: []string{"/nowhere/w.log"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			env := append([]string{"TEMPORAL_CONFIG_FILE=" + filepath.Join(t.TempDir(), "none")}, c.env...)
			require.Equal(t, c.code, worker.Run(t.Context(), "test", c.args, env, &stdout, &stderr))
			for _, want := range c.want {
				require.Contains(t, stderr.String(), want)
			}
			require.Empty(t, stdout.String())
		})
	}
}

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	bad := []string{"REEMBED_BATCH_SIZE=x"} // must not stand in the way
	require.Equal(t, worker.ExitStopped, worker.Run(t.Context(), "v7", []string{"--version"}, bad, &stdout, &stderr))
	require.Equal(t, "reembed-worker v7\n", stdout.String())
	require.Equal(t, worker.ExitStopped, worker.Run(t.Context(), "v7", []string{"--help"}, bad, &stdout, &stderr))
	require.Contains(t, stdout.String(), "MAX_CONCURRENT_REEMBED_JOBS")
	require.Empty(t, stderr.String())
}

// A secret of the catalog shows neither in the error that it causes nor anywhere else.
func TestRunShowsNoSecret(t *testing.T) {
	t.Parallel()
	const canary = "postgres://user:canary-password@host/db"
	for name, embedders := range map[string]string{
		"unknown key":    `builtin: {driver: hashing, dsn: "${CANARY_DSN}"}`,
		"unknown driver": `builtin: {driver: "${CANARY_DSN}"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			args := []string{"--catalog", catalogFile(t, embedders), "--log-level=debug"}
			require.Equal(t, worker.ExitUnusable, worker.Run(t.Context(), "test", args, []string{"CANARY_DSN=" + canary}, &stdout, &stderr))
			require.Contains(t, stderr.String(), "reembed.yaml")
			require.NotContains(t, stdout.String()+stderr.String(), "canary")
		})
	}
}

// Temporal that is down at the start is waited for; meanwhile the worker says so.
func TestTemporalUnreachable(t *testing.T) {
	t.Parallel()
	port, err := devserver.FreePort()
	require.NoError(t, err)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	w := start(t, []string{"TEMPORAL_ADDRESS=" + address}, "--catalog", catalogFile(t, hashing))
	line := w.await(t, "Temporal can't be used; trying again")
	require.Equal(t, address, line["temporal"])
	require.NotEmpty(t, line["error"])

	code, body := w.get(t, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	var report struct{ Checks map[string]string }
	require.NoError(t, json.Unmarshal([]byte(body), &report))
	require.NotEqual(t, "ok", report.Checks["temporal"])
	require.Equal(t, "ok", report.Checks["registry local"])
	code, _ = w.get(t, "/healthz")
	require.Equal(t, http.StatusOK, code)
	_, metrics := w.get(t, "/metrics")
	require.NotContains(t, metrics, "reembed_jobs_active")

	w.stop()
	require.Equal(t, worker.ExitStopped, <-w.done)
}

func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	require.Eventually(t, met, time.Minute, 50*time.Millisecond, what)
}

// A worker's life beside a server that comes, goes and comes back.
func TestLifeWithARealServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := devserver.Start(ctx, devserver.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })

	w := start(t, server.Env(), "--catalog", catalogFile(t, hashing))
	w.await(t, "working")
	ready := func() bool { code, _ := w.get(t, "/readyz"); return code == http.StatusOK }
	eventually(t, "ready", ready)

	var metrics string
	eventually(t, "the gate is started and answers", func() bool {
		_, metrics = w.get(t, "/metrics")
		return strings.Contains(metrics, "\nreembed_jobs_active 0\n") && strings.Contains(metrics, "\nreembed_jobs_queued 0\n")
	})
	for _, want := range []string{
		"\nreembed_jobs_completed_total 0\n", "\nreembed_jobs_failed_total 0\n",
		"\nreembed_batches_processed_total 0\n", "\nreembed_items_reembedded_total 0\n",
		`reembed_backend_call_duration_seconds_count{operation="Ping",outcome="ok",role="registry"}`,
		"temporal_worker_start_total{", "temporal_request_latency_seconds_bucket{", `reembed_build_info{version="test"} 1`,
	} {
		require.Contains(t, metrics, want)
	}
	for _, queue := range []string{"reembed", "reembed-sync", "reembed-gate"} {
		require.Contains(t, metrics, `task_queue="`+queue+`",worker_type="ActivityWorker"`)
	}

	require.NoError(t, server.Kill())
	eventually(t, "not ready without Temporal", func() bool { return !ready() })
	eventually(t, "no gauges without the gate", func() bool {
		_, metrics = w.get(t, "/metrics")
		return !strings.Contains(metrics, "\nreembed_jobs_active ")
	})
	require.NoError(t, server.Restart(ctx))
	eventually(t, "ready again", ready)
	eventually(t, "gauges again", func() bool {
		_, metrics = w.get(t, "/metrics")
		return strings.Contains(metrics, "\nreembed_jobs_active 0\n")
	})

	w.stop()
	require.Equal(t, worker.ExitStopped, <-w.done)
	w.await(t, "stopped")
}
