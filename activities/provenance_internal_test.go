package activities

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/memory"
)

// A large generation is looked at in parts, over its whole key space: what was
// stamped by others may lie anywhere.
func TestLookAtStamps(t *testing.T) {
	t.Parallel()
	store, err := memory.Open(t.Context(), memory.Config{})
	require.NoError(t, err)
	m := backends.Model{Name: "m", Driver: "hashing", Dimensions: 1, Metric: backends.Cosine}
	index := store.Index("docs")
	g, err := index.Create(t.Context(), backends.SpecOf(m, index.Locator(m)))
	require.NoError(t, err)
	look := func(most int64) Stamps {
		t.Helper()
		s, err := lookAtStamps(t.Context(), g, m.Fingerprint(), most)
		require.NoError(t, err)
		return *s
	}
	require.Zero(t, look(10))
	for i := range 20_000 {
		s := backends.Stamp{Fingerprint: m.Fingerprint(), Content: "c"}
		switch {
		case i >= 19_000:
			s.Fingerprint = "another"
		case i%10 == 0:
			s = backends.Stamp{}
		}
		require.NoError(t, g.Upsert(t.Context(), []backends.Record{{ID: fmt.Sprintf("%05d", i), Vector: []float32{1}, Stamp: s}}))
	}
	all := look(20_000)
	require.Equal(t, Stamps{Records: 20_000, Looked: 20_000, Missing: 1900, Foreign: 1000}, all)
	require.Equal(t, "20000 records", all.looked())

	part := look(5000)
	require.Equal(t, "5000 records looked at, of 20000 in all,", part.looked())
	require.Equal(t, Stamps{Records: 20_000, Looked: 5000, Missing: 475, Foreign: 250}, part)
}
