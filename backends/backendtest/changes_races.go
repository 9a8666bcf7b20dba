package backendtest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// mirror is kept by changes alone, as a generation is.
type mirror struct {
	c        captured
	consumer string
	texts    map[string]string
}

// follow takes one page of changes over, and acknowledges it.
func (m *mirror) follow(ctx context.Context, size int) (done bool, err error) {
	page, err := m.c.Changes(ctx, m.consumer, "", size)
	if err != nil {
		return false, fmt.Errorf("changes: %w", err)
	}
	if len(page.Items) == 0 {
		return page.Done, nil // without a write, which would keep the writers waiting
	}
	ids := changedIDs(page.Items)
	items, err := m.c.Lookup(ctx, ids)
	if err != nil {
		return false, fmt.Errorf("lookup: %w", err)
	}
	for _, id := range ids {
		delete(m.texts, id)
	}
	for _, item := range items {
		m.texts[item.ID] = item.Text
	}
	return false, m.c.Acknowledge(ctx, m.consumer, page.Items)
}

// testCaptureRaces lets writers change what consumers follow: when the writers
// are done and nothing is pending, each mirror has what the source has. An
// acknowledgement that takes a later change with it leaves an old text.
func testCaptureRaces(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	mirrors := make([]*mirror, 2)
	for i := range mirrors {
		mirrors[i] = &mirror{c: openCaptured(t, p, "docs"), consumer: fmt.Sprintf("mirror-%d", i), texts: map[string]string{}}
		require.NoError(t, c.Subscribe(t.Context(), mirrors[i].consumer))
	}
	c.changed(t, 0, "first")
	deletes := c.CaptureTraits().Deletes
	var writers, followers sync.WaitGroup
	written := make(chan struct{})
	errs := make(chan error, 8)
	for w := range 3 {
		writers.Go(func() { errs <- scribble(t.Context(), p.Open(t, "docs"), uint64(w), deletes) })
	}
	for i, m := range mirrors {
		followers.Go(func() {
			for over := false; ; {
				select {
				case <-written:
					over = true
				default:
				}
				done, err := m.follow(t.Context(), 3+10*i)
				if err != nil || done && over {
					errs <- err
					return
				}
			}
		})
	}
	writers.Wait()
	close(written)
	followers.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	for _, m := range mirrors {
		have := lookup(t, c, sourceSpace(c.opened).sweep(t, backends.Range{}, 100, nil)...)
		require.ElementsMatch(t, sortedKeys(have), sortedKeys(m.texts))
		for id, item := range have {
			require.Equal(t, item.Text, m.texts[id], "%q is not what it was last", id)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range maps.Keys(m) {
		keys = append(keys, k)
	}
	return sorted(keys...)
}

// scribble changes and deletes few items often.
func scribble(ctx context.Context, s backends.Source, seed uint64, deletes bool) error {
	w, ok := backends.As[backends.ItemWriter](s)
	if !ok {
		return fmt.Errorf("%w: no ItemWriter", backends.ErrUnsupported)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	for round := range 60 {
		ids := []string{fmt.Sprintf("item-%d", random.IntN(12)), fmt.Sprintf("item-%d", random.IntN(12))}
		var err error
		if deletes && random.IntN(3) == 0 {
			err = w.DeleteItems(ctx, ids)
		} else {
			err = w.PutItems(ctx, roundItems(round+1000*int(seed), ids...))
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}
