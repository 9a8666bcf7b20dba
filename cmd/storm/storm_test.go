package storm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/reembed/reembed/backends/embedders/providertest"
	stores "github.com/reembed/reembed/backends/stores/sqlite"
	"github.com/reembed/reembed/cmd/stand"
	"github.com/reembed/reembed/starter/child"
	"github.com/reembed/reembed/workflows"
)

// workers is how many processes work.
const workers = 2

// catalog has a store whose locks are felt soon, a provider that is given up on
// soon, and ranges that are many for so few items.
const catalog = `
stores:
  local: {driver: sqlite, path: ./storm.db, busy_timeout: 500ms}
embedders:
  provider: {driver: openai, base_url: %q, timeout: 1s, max_inputs: 20}
models:
  elder: {embedder: provider, provider_model: %s, dimensions: %d, normalized: true}
  newer: {embedder: provider, provider_model: %s, dimensions: %d, normalized: true}
namespaces:
  docs: {store: local, table: docs, key: id, text: body, payload: meta, model: elder, writes: text}
`

// workerSettings make work of a few hundred items many small pieces.
var workerSettings = []string{"REEMBED_BATCH_SIZE=10", "REEMBED_RANGE_ITEMS=50", "REEMBED_HTTP_ADDR=127.0.0.1:0", "REEMBED_SOAK_SECONDS=86400"}

// storm is one run.
type storm struct {
	t       *testing.T
	seed    uint64
	begun   time.Time
	path    string // of the store's file
	stand   *stand.Stand
	models  *providertest.Server
	crew    *crew
	sets    []*set
	writers []*writer
	tally   *tally
	over    chan struct{} // closed when nothing more breaks
}

func TestStorm(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	t.Logf("seed %d; again: STORM=%s make storm ARGS='-seed %d'", s.seed, *lasts, s.seed)
	if err := s.run(t.Context()); err != nil {
		t.Fatalf("seed %d: %v\n%sthe workers' log:\n%s", s.seed, err, s.soaks(), s.stand.Tail())
	}
	t.Log(s.totals())
}

// soaks is what is known of the sets' soaks, for who has to find out what went wrong.
func (s *storm) soaks() string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), time.Minute)
	defer cancel()
	var out strings.Builder
	for _, set := range s.sets {
		now, err := s.stand.Client.Soak(ctx, set.name)
		raw, merr := json.Marshal(now)
		fmt.Fprintf(&out, "the soak of %s: %s %v\n", set.name, raw, errors.Join(err, merr))
	}
	return out.String()
}

// newStorm sets up all that the storm is about: items, and a generation of the
// elder model that a first job made.
func newStorm(t *testing.T) *storm {
	t.Helper()
	s := &storm{t: t, seed: *seeding, tally: newTally(), over: make(chan struct{})}
	if s.seed == 0 {
		s.seed = rand.Uint64() >> 32 // short enough to be typed
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dir := t.TempDir()
	s.path = filepath.Join(dir, "storm.db")
	served := map[string]int{}
	for _, name := range provided {
		served[name] = dimensions
	}
	s.models = providertest.New(t, providertest.Options{Models: served, Latency: 20 * time.Millisecond, Forget: true})
	text := fmt.Sprintf(catalog, s.models.URL(), provided["elder"], dimensions, provided["newer"], dimensions)
	require.NoError(t, os.WriteFile(filepath.Join(dir, stand.Catalog), []byte(text), 0o600))
	var err error
	s.stand, err = stand.Open(ctx, dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.stand.Close()) })
	s.crew = &crew{hire: func() (*child.Process, error) { return s.stand.Start(program("reembed-worker"), workerSettings...) }}
	t.Cleanup(func() { require.NoError(t, s.crew.dismiss()) })
	for range workers {
		p, err := s.crew.hire()
		require.NoError(t, err)
		s.crew.workers = append(s.crew.workers, p)
	}
	s.found(ctx, "docs")
	return s
}

// found makes a namespace of a table, with its items and its first generation.
func (s *storm) found(ctx context.Context, name string) {
	s.t.Helper()
	db, err := openSQL(s.path)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, db.Close()) })
	app, err := newTable(ctx, db, name)
	require.NoError(s.t, err)
	set := &set{storm: s, name: name, active: "elder", app: app, book: newBook(), view: &view{namespace: name, table: name, db: db}}
	set.doing.Store("begins")
	require.NoError(s.t, set.anchor(ctx))
	for n := range writersOfSet {
		w := newWriter(set, n, s.seed)
		for range 2 * fewest {
			require.NoError(s.t, w.insert(ctx))
		}
		s.writers = append(s.writers, w)
	}
	s.sets = append(s.sets, set)
	require.NoError(s.t, set.move(ctx, workflows.Request{To: "elder"}))
}

// run lets it storm until each set has lived to the end of its life, and looks
// once more when all is still.
func (s *storm) run(ctx context.Context) error {
	s.begun = time.Now()
	store, err := stores.Open(ctx, stores.Config{Path: s.path, ReadOnly: true})
	if err != nil {
		return err
	}
	if err := errors.Join(s.live(ctx, store), store.Close()); err != nil {
		return err
	}
	for _, set := range s.sets { // nobody writes any more
		if err := set.settles(ctx, set.active); err != nil {
			return err
		}
	}
	if err := s.crew.dismiss(); err != nil {
		return err
	}
	for _, set := range s.sets {
		shot, err := set.view.active(ctx)
		if err != nil {
			return err
		}
		if err := set.judged(shot); err != nil {
			return fmt.Errorf("when all was over: %w", err)
		}
	}
	return nil
}

func (s *storm) live(ctx context.Context, store *stores.Store) error {
	all, ctx := errgroup.WithContext(ctx)
	around, calm := context.WithCancel(ctx)
	defer calm()
	all.Go(func() error { return s.tell(around) })
	all.Go(func() error { return s.strike(around) })
	for _, w := range s.writers {
		all.Go(func() error { return w.run(around) })
	}
	var lives sync.WaitGroup
	for n, set := range s.sets {
		all.Go(func() error {
			return set.read(around, newGoReader(set.name, store.Registry(), store.Index(set.name)), s.seed+uint64(n))
		})
		all.Go(func() error { return set.read(around, &sqlReader{set.view}, s.seed-uint64(n)-1) })
		lives.Add(1)
		all.Go(func() error {
			defer lives.Done()
			return set.live(ctx)
		})
	}
	all.Go(func() error {
		lives.Wait()
		calm()
		return nil
	})
	return all.Wait()
}
