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
	"github.com/reembed/reembed/cmd/stand"
)

// storm is one run.
type storm struct {
	t      *testing.T
	seed   uint64
	begun  time.Time
	stand  *stand.Stand
	models *providertest.Server
	crew   *crew
	sets   []*set
	tally  *tally
	over   chan struct{} // closed when nothing more breaks
	path   string        // of the store's file, which can be locked; "" where there is none
}

// models of the catalogs, which have the provider's address. It is given up on soon.
const models = `
embedders:
  provider: {driver: openai, base_url: %q, timeout: 1s, max_inputs: 20}
models:
  elder: {embedder: provider, provider_model: %s, dimensions: %d, normalized: true}
  newer: {embedder: provider, provider_model: %s, dimensions: %d, normalized: true}
`

// workerSettings make work of a few hundred items many small pieces.
var workerSettings = []string{
	"REEMBED_BATCH_SIZE=10", "REEMBED_RANGE_ITEMS=50", "REEMBED_HTTP_ADDR=127.0.0.1:0", "REEMBED_SOAK_SECONDS=86400",
}

// newStorm starts server and provider, with a catalog of these stores and namespaces.
func newStorm(t *testing.T, stores string) *storm {
	t.Helper()
	s := &storm{t: t, seed: *seeding, tally: newTally(), over: make(chan struct{}), crew: &crew{}}
	if s.seed == 0 {
		s.seed = rand.Uint64() >> 32 // short enough to be typed
	}
	t.Logf("seed %d; again: STORM=%s make storm ARGS='-seed %d'", s.seed, *lasts, s.seed)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	served := map[string]int{}
	for _, name := range provided {
		served[name] = dimensions
	}
	s.models = providertest.New(t, providertest.Options{Models: served, Latency: 20 * time.Millisecond, Forget: true})
	dir := t.TempDir()
	text := stores + fmt.Sprintf(models, s.models.URL(), provided["elder"], dimensions, provided["newer"], dimensions)
	require.NoError(t, os.WriteFile(filepath.Join(dir, stand.Catalog), []byte(text), 0o600))
	var err error
	s.stand, err = stand.Open(ctx, dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.stand.Close()) })
	t.Cleanup(func() { require.NoError(t, s.crew.dismiss()) })
	return s
}

// rage lets it storm, and prints the totals, or all that is known of what went wrong.
func (s *storm) rage() {
	s.t.Helper()
	if err := s.run(s.t.Context()); err != nil {
		s.t.Fatalf("seed %d: %v\n%sthe workers' log:\n%s", s.seed, err, s.soaks(), s.stand.Tail())
	}
	s.t.Log(s.totals())
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

// run lets it storm until each set has lived to the end of its life, and looks
// once more when all is still.
func (s *storm) run(ctx context.Context) error {
	s.begun = time.Now()
	if err := s.live(ctx); err != nil {
		return err
	}
	for _, set := range s.sets { // nobody writes any more
		if err := set.rests(ctx); err != nil {
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

func (s *storm) live(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	around, calm := context.WithCancel(ctx)
	defer calm()
	all.Go(func() error { return s.tell(around) })
	all.Go(func() error { return s.strike(around) })
	var lives sync.WaitGroup
	for _, set := range s.sets {
		for _, w := range set.writers {
			all.Go(func() error { return w.run(around) })
		}
		for n, r := range set.readers {
			all.Go(func() error { return set.read(around, r, s.seed+uint64(n)) })
		}
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
