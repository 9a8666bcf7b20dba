package backendtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// FuzzCapture takes any bytes for a history of a table and two consumers of its
// changes, and holds the store to the simplest model of it: what is pending of
// each consumer is a set of ids, and what was read holds until the item changes
// again.
func FuzzCapture(f *testing.F, h Harness[backends.Source]) {
	f.Add([]byte{0, 8, 1, 9, 2, 10, 3, 11, 4, 5, 6, 7})
	f.Add([]byte("put read put acknowledge what was read, delete, read by pages"))
	f.Add([]byte{6, 0, 8, 16, 4, 0, 5, 4, 5, 7, 0, 6, 4, 5})
	random := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		history := make([]byte, 60)
		for i := range history {
			history[i] = byte(random.UintN(256))
		}
		f.Add(history)
	}
	f.Fuzz(func(t *testing.T, history []byte) {
		history = history[:min(len(history), 60)]
		m := &captureModel{t: t, c: openCaptured(t, h.New(t), "docs"), texts: map[string]int{}, consumers: map[string]*told{}}
		for round, b := range history {
			m.step(round, int(b%8), fmt.Sprintf("item %d", b/8%5), fmt.Sprintf("consumer %d", b/64%2))
		}
		for name := range m.consumers {
			m.check(name)
		}
	})
}

// told is what the model knows of a consumer.
type told struct {
	pending map[string]bool
	read    []backends.Change
	stale   map[string]bool // changed since it was read
}

type captureModel struct {
	t         *testing.T
	c         captured
	texts     map[string]int
	consumers map[string]*told
}

func (m *captureModel) step(round, what int, id, consumer string) {
	have := m.consumers[consumer]
	switch what {
	case 0, 1:
		m.c.changed(m.t, round, id)
		m.texts[id] = round
		m.note(id)
	case 2:
		require.NoError(m.t, m.c.DeleteItems(m.t.Context(), []string{id}))
		if _, ok := m.texts[id]; ok {
			delete(m.texts, id)
			m.note(id)
		}
	case 3:
		if was, ok := m.texts[id]; ok {
			m.c.changed(m.t, was, id) // as it is
		}
	case 4:
		if have != nil {
			m.check(consumer)
			have.read, have.stale = m.c.pending(m.t, consumer, 2), map[string]bool{}
		}
	case 5:
		if have != nil {
			require.NoError(m.t, m.c.Acknowledge(m.t.Context(), consumer, have.read))
			for _, change := range have.read {
				if !have.stale[change.ID] {
					delete(have.pending, change.ID)
				}
			}
			m.check(consumer)
		}
	case 6:
		require.NoError(m.t, m.c.Subscribe(m.t.Context(), consumer))
		if have == nil {
			m.consumers[consumer] = &told{pending: map[string]bool{}, stale: map[string]bool{}}
		}
	case 7:
		require.NoError(m.t, m.c.Unsubscribe(m.t.Context(), consumer))
		delete(m.consumers, consumer)
	}
}

func (m *captureModel) note(id string) {
	for _, have := range m.consumers {
		have.pending[id], have.stale[id] = true, true
	}
}

func (m *captureModel) check(consumer string) {
	m.t.Helper()
	want := sortedKeys(m.consumers[consumer].pending)
	require.True(m.t, slices.Equal(want, changedIDs(m.c.pending(m.t, consumer, 2))))
	require.EqualValues(m.t, len(want), m.c.counts(m.t)[consumer])
}
