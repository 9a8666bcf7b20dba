package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/worker"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/workflows"
)

// lanes is how many jobs run at once. Most of a trial is waiting: for Temporal's
// pause before it tries again, or for a call that hangs.
const lanes = 16

// fleet is a worker of all queues at a dev server. Its catalog has a namespace
// for each lane, and each lane runs one trial after the other.
type fleet struct {
	temporal client.Client
	client   *starter.Client
	lanes    chan *lane
	answers  *answers
	observer *observer
}

// lane is a namespace of the catalog, whose store is that of the trial or of the
// life which runs. It is what the catalog opens.
type lane struct {
	name  string
	trial atomic.Pointer[trial]
	life  atomic.Pointer[life]
}

// tenant is whose store a lane opens.
type tenant interface {
	source() backends.Source
	index() backends.Index
	registry() backends.Registry
	embedder(e backends.Embedder) backends.Embedder
}

var errIdle = fmt.Errorf("%w: no trial runs", backends.ErrUnavailable)

func (l *lane) tenant() (tenant, error) {
	if t := l.trial.Load(); t != nil {
		return t, nil
	}
	if t := l.life.Load(); t != nil {
		return t, nil
	}
	return nil, errIdle
}

// Source is the tenant's, with its faults.
func (l *lane) Source(catalog.Namespace) (backends.Source, error) {
	t, err := l.tenant()
	if err != nil {
		return nil, err
	}
	return t.source(), nil
}

// Index is the tenant's, with its faults.
func (l *lane) Index(catalog.Namespace) (backends.Index, error) {
	t, err := l.tenant()
	if err != nil {
		return nil, err
	}
	return t.index(), nil
}

// Registry is the tenant's, with its faults.
func (l *lane) Registry() (backends.Registry, error) {
	t, err := l.tenant()
	if err != nil {
		return nil, err
	}
	return t.registry(), nil
}

// Close closes nothing: a trial closes its own store.
func (l *lane) Close() error { return nil }

// embedder is a lane's: the catalog opens a model once, for all trials.
type embedder struct {
	backends.Embedder
	lane *lane
}

func (e *embedder) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	t, err := e.lane.tenant()
	if err != nil {
		return backends.Embedding{}, err
	}
	return t.embedder(e.Embedder).Embed(ctx, p, texts)
}

// newFleet starts server and worker, for the time of the test.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := devserver.Start(ctx, devserver.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	quiet := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	temporal, err := server.Dial(client.Options{Logger: quiet})
	require.NoError(t, err)
	t.Cleanup(temporal.Close)

	f := &fleet{
		temporal: temporal,
		client:   starter.New(temporal, starter.Config{Address: server.Address(), Namespace: devserver.Namespace}),
		lanes:    make(chan *lane, lanes), observer: &observer{ended: map[string]int{}},
		answers: &answers{byName: map[string]*lane{}},
	}
	world := catalog.NewWorld(f.catalog(t), catalog.Decorators{})
	t.Cleanup(func() { require.NoError(t, world.Close()) })
	a := &activities.Activities{World: world, Temporal: temporal, Observer: f.observer, Settings: activities.Settings{
		BatchSize: 50, JobTimeout: 10 * time.Minute, MaxConcurrentJobs: 2 * lanes,
		Concurrency: 1, Window: 1, RangeItems: rangeItems, // one thing at a time: calls are told by their number
	}}
	f.work(t, temporal, a)
	return f
}

// rangeItems cut the items into two ranges, of which each has one request.
const rangeItems = 18

// catalog is what the worker knows.
func (f *fleet) catalog(t *testing.T) *catalog.Catalog {
	c := &catalog.Catalog{
		File: "reembed.yaml", Stores: map[string]catalog.StoreSpec{}, Embedders: map[string]catalog.EmbedderSpec{},
		Models: map[string]catalog.ModelSpec{}, Namespaces: map[string]catalog.Namespace{},
	}
	golden := golden(t)
	for n := range lanes {
		l := &lane{name: fmt.Sprintf("lane-%02d", n)}
		f.lanes <- l
		f.answers.byName[l.name] = l
		c.Stores[l.name] = catalog.StoreSpec{Name: l.name, Driver: "trial", Open: func(context.Context) (catalog.Store, error) { return l, nil }}
		c.Embedders[l.name] = catalog.EmbedderSpec{Name: l.name, Driver: "hashing", Open: func(m backends.Model) (backends.Embedder, error) {
			e, err := hashing.New(m, hashing.Config{})
			return &embedder{e, l}, err
		}}
		for _, m := range []backends.Model{small, large} {
			m.Name = l.model(m)
			c.Models[m.Name] = catalog.ModelSpec{Model: m, Embedder: l.name}
		}
		c.Namespaces[l.name] = catalog.Namespace{Name: l.name, Store: l.name, Model: l.model(small), Writes: catalog.WritesText, Golden: golden}
	}
	return c
}

// model is the lane's name of a model.
func (l *lane) model(m backends.Model) string { return m.Name + "-" + l.name }

// golden are queries that both models answer.
func golden(t *testing.T) *catalog.Golden {
	t.Helper()
	dir := t.TempDir()
	g := &catalog.Golden{
		Queries: filepath.Join(dir, "queries.jsonl"), Qrels: filepath.Join(dir, "qrels.tsv"), MinNDCG: 0.5, MaxDrop: 0.4,
	}
	queries := `{"id":"q1","text":"` + text(1) + `"}` + "\n" + `{"id":"q2","text":"` + text(20) + `"}` + "\n"
	require.NoError(t, os.WriteFile(g.Queries, []byte(queries), 0o600))
	require.NoError(t, os.WriteFile(g.Qrels, []byte("q1\titem-01\t1\nq2\titem-20\t1\n"), 0o600))
	return g
}

// work runs the workers of the three queues, as package worker does.
func (f *fleet) work(t *testing.T, c client.Client, a *activities.Activities) {
	t.Helper()
	o := sdk.Options{
		WorkerStopTimeout: 10 * time.Second, MaxHeartbeatThrottleInterval: 500 * time.Millisecond,
		DisableRegistrationAliasing: true, Interceptors: []interceptor.WorkerInterceptor{f.answers},
	}
	jobs := sdk.New(c, workflows.TaskQueue, o)
	workflows.RegisterJobs(jobs, a)
	segments := sdk.New(c, workflows.SyncTaskQueue, o)
	workflows.RegisterSync(segments, a)
	gate := sdk.New(c, workflows.GateTaskQueue, o)
	workflows.RegisterGate(gate, a)
	for _, w := range []sdk.Worker{jobs, segments, gate} {
		require.NoError(t, w.Start())
	}
	t.Cleanup(func() {
		var all sync.WaitGroup
		for _, w := range []sdk.Worker{jobs, segments, gate} {
			all.Go(w.Stop)
		}
		all.Wait()
	})
}

// observer counts what metrics would.
type observer struct {
	mu    sync.Mutex
	ended map[string]int
}

func (o *observer) JobEnded(state string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended[state]++
}

func (o *observer) Synced(activities.Counts) {}

// patience bounds the wait for one job's end. It is long: on a busy machine a
// trial takes many times what it takes on an idle one.
const patience = 10 * time.Minute

// job runs a job to its end, which keeps both generations in step for some seconds behind it.
func (f *fleet) job(ctx context.Context, l *lane, soak int64, started func(starter.Handle)) (workflows.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r := workflows.Request{Namespace: l.name, To: l.model(large), Waive: waived, SoakSeconds: &soak}
	h, err := f.client.Start(ctx, r, starter.StartOptions{})
	if err != nil {
		return workflows.Status{}, err
	}
	started(h)
	s, err := f.client.Wait(ctx, h)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) {
		return s, err
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	now, serr := f.client.Status(late, h)
	serr = errors.Join(serr, f.temporal.TerminateWorkflow(late, h.ID, "", "it does not end")) // the lane's next trial is not to meet it
	return now, errors.Join(fmt.Errorf("job %s has not ended after %s: %s in phase %s: %s %s: %w",
		h.ID, patience, now.State, now.Phase, now.Reason, now.LastError, err), serr)
}
