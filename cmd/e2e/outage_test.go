package e2e

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// wire is a TCP connection to a server that can be cut and mended.
type wire struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	cut      bool
	open     map[net.Conn]bool
	all      sync.WaitGroup
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{listener: l, target: target, open: map[net.Conn]bool{}}
	w.all.Go(w.serve)
	t.Cleanup(func() {
		w.set(true)
		_ = l.Close()
		w.all.Wait()
	})
	return w
}

func (w *wire) address() string { return w.listener.Addr().String() }

// set cuts the wire, which ends what is connected and lets nobody in, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for c := range w.open {
		if cut {
			_ = c.Close()
		}
	}
}

// keep takes note of a connection; false when the wire is cut.
func (w *wire) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.cut {
		w.open[c] = true
	}
	return !w.cut
}

func (w *wire) serve() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.all.Go(func() { w.join(near) })
	}
}

func (w *wire) join(near net.Conn) {
	defer near.Close()
	if !w.keep(near) {
		return
	}
	far, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	defer far.Close()
	if !w.keep(far) {
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // ends with the wire, or with its ends
			_ = way[0].Close()
		})
	}
	both.Wait()
}

// TestTemporalCutOffInMidJob: worker and CLI lose the server for longer than a
// heartbeat may be late. The CLI says so, the worker says that it is not ready,
// and once the server is back the job goes on with the same worker.
func TestTemporalCutOffInMidJob(t *testing.T) {
	t.Parallel()
	r := newRig(t, slow)
	c, err := r.server.Dial(client.Options{Logger: discarded})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := newWire(t, r.server.Address())
	r.env = append(r.env, "TEMPORAL_ADDRESS="+w.address())
	r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	r.await(job, "half a copy", halfCopied)
	require.Equal(t, http.StatusOK, r.readyz())

	w.set(true)
	out, code := r.tryReembed("status", job.ID)
	require.Equal(t, 4, code, out)
	require.Contains(t, out, "connect to Temporal at "+w.address())
	out, code = r.tryReembed("start", "docs", "--to", "large")
	require.Equal(t, 4, code, out)
	require.Eventually(t, func() bool { return r.readyz() == http.StatusServiceUnavailable }, patience, 100*time.Millisecond)
	require.Eventually(t, func() bool { return r.segmentsTried(c, job) > 1 }, patience, 500*time.Millisecond, "a heartbeat is missed")
	require.Equal(t, "small", r.route("docs").Model)

	w.set(false)
	r.complete(job, "docs")
	require.Equal(t, http.StatusOK, r.readyz())
}

// readyz is the answer of the worker's readiness probe.
func (r *rig) readyz() int {
	r.t.Helper()
	answer, err := http.Get("http://" + r.http + "/readyz")
	require.NoError(r.t, err)
	require.NoError(r.t, answer.Body.Close())
	return answer.StatusCode
}

// segmentsTried is the latest attempt of the job's running segments.
func (r *rig) segmentsTried(c client.Client, h starter.Handle) int32 {
	r.t.Helper()
	job, err := c.DescribeWorkflowExecution(r.t.Context(), h.ID, "")
	require.NoError(r.t, err)
	var most int32
	for _, child := range job.GetPendingChildren() {
		d, err := c.DescribeWorkflowExecution(r.t.Context(), child.GetWorkflowId(), "")
		require.NoError(r.t, err)
		for _, a := range d.GetPendingActivities() {
			most = max(most, a.GetAttempt())
		}
	}
	return most
}
