package reconcile

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

type limitless struct{ backends.Embedder }

func (limitless) Limits() backends.EmbedderLimits { return backends.EmbedderLimits{} }

// The run remembers the first item of each text, and through it the page that it
// came in: neither may keep the texts in memory.
func TestWhatIsRememberedHoldsNoText(t *testing.T) {
	t.Parallel()
	f := &forward{pair: Pair{Embedder: limitless{}}, o: Options{}.WithDefaults()}
	pg := &page{}
	d := dirty{item: backends.Item{ID: "a", Text: "long", Payload: []byte("p")}, stamp: backends.Stamp{Content: "c"}, page: pg}
	pg.dirty = []dirty{d}
	known := &owners{}
	batches, _ := f.split(pg, known)
	require.Len(t, batches, 1)
	require.Nil(t, pg.dirty)

	o, seen := known.of(d)
	require.True(t, seen)
	require.Equal(t, underWay, o.join(d))
	require.Len(t, o.settle(wasWritten, ""), 1)
	require.Nil(t, o.dirty, "with its text, its payload and its page")
	require.Nil(t, o.followers)
	require.Equal(t, "a", o.id)
	require.Equal(t, wasWritten, o.join(d))
}

// TestOwnersAreBounded guards the memory of a long run: it remembers the texts of
// late, among them those that come again and again, and no more.
func TestOwnersAreBounded(t *testing.T) {
	t.Parallel()
	known := &owners{}
	of := func(text string) (*owner, bool) {
		return known.of(dirty{stamp: backends.Stamp{Content: text}})
	}
	first, seen := of("again")
	require.False(t, seen)
	for i := range 5 * rememberedTexts {
		_, seen = of(strconv.Itoa(i))
		require.False(t, seen)
		require.LessOrEqual(t, len(known.late)+len(known.before), 2*rememberedTexts)
		if i%1000 == 0 {
			again, seen := of("again")
			require.True(t, seen)
			require.Same(t, first, again)
		}
	}
	_, seen = of(strconv.Itoa(4 * rememberedTexts))
	require.True(t, seen, "of late")
	_, seen = of("0")
	require.False(t, seen, "long ago")
}
