package reconcile

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

type limitless struct{ backends.Embedder }

func (limitless) Limits() backends.EmbedderLimits { return backends.EmbedderLimits{} }

// The run remembers the first item of each text to its end, and through it the
// page that it came in: neither may keep the texts in memory.
func TestWhatIsRememberedHoldsNoText(t *testing.T) {
	t.Parallel()
	f := &forward{pair: Pair{Embedder: limitless{}}, o: Options{}.WithDefaults()}
	pg := &page{}
	d := dirty{item: backends.Item{ID: "a", Text: "long", Payload: []byte("p")}, stamp: backends.Stamp{Content: "c"}, page: pg}
	pg.dirty = []dirty{d}
	owners := map[string]*owner{}
	batches, _ := f.split(pg, owners)
	require.Len(t, batches, 1)
	require.Nil(t, pg.dirty)

	o := owners["c"]
	require.Equal(t, underWay, o.join(d))
	require.Len(t, o.settle(wasWritten, ""), 1)
	require.Empty(t, o.item.Text)
	require.Nil(t, o.item.Payload)
	require.Nil(t, o.followers)
	require.Nil(t, o.page)
	require.Equal(t, "a", o.item.ID)
	require.Equal(t, wasWritten, o.join(d))
}
