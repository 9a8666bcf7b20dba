package sweep

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
)

// TestSoakJudgeFindsWhatIsWrong guards the worth of the sweep over soaks: what an
// item never told, and what is lost for good, has to be found.
func TestSoakJudgeFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil     func(context.Context, *place, backends.Generation) error
		now, both string
	}{
		"nothing": {func(context.Context, *place, backends.Generation) error { return nil }, "", ""},
		"an old text": {func(ctx context.Context, p *place, g backends.Generation) error {
			return put(ctx, g, backends.Item{ID: changed, Text: text(12)})
		}, "", changed + ": has the stamp"},
		"a text that never was": {func(ctx context.Context, p *place, g backends.Generation) error {
			return put(ctx, g, backends.Item{ID: changed, Text: "nobody told so"})
		}, changed + " was never so", changed + ": has the stamp"},
		"missing": {func(ctx context.Context, p *place, g backends.Generation) error {
			return g.Delete(ctx, []string{"item-01"})
		}, "item-01 is missing", "item-01 is missing"},
		"missing for now": {func(ctx context.Context, p *place, g backends.Generation) error {
			return g.Delete(ctx, []string{changed})
		}, "", changed + " is missing"},
		"extra": {func(ctx context.Context, p *place, g backends.Generation) error {
			return put(ctx, g, backends.Item{ID: deserted, Text: "x"})
		}, deserted + " was never so", deserted + " is extra"},
		"nowhere": {func(ctx context.Context, p *place, g backends.Generation) error {
			now, err := route.Get(ctx, p.registry, "docs")
			if err != nil {
				return err
			}
			now.Locator = "docs_elsewhere"
			now.Generation++
			_, err = route.Swap(ctx, p.registry, now.Version, now)
			return err
		}, "the route points at", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			p, err := open(ctx, "sqlite", t.TempDir())
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, p.close()) })
			l := &lane{name: "docs"}
			require.NoError(t, p.settle(ctx, l, few()))
			j, err := newSoakJudge(ctx, p, l)
			require.NoError(t, err)
			told := backends.Item{ID: changed, Text: "told anew"}
			j.moves([]backends.Item{told}, leaving)
			writer, _ := backends.As[backends.ItemWriter](p.source)
			require.NoError(t, writer.PutItems(ctx, []backends.Item{told}))
			require.NoError(t, j.now(ctx), "what is not in step yet is as it was")
			require.Error(t, j.both(ctx))

			items, err := p.source.ReadPage(ctx, backends.Range{}, "", backends.PageLimit{Items: 1000})
			require.NoError(t, err)
			require.NoError(t, p.fill(ctx, large, items.Items))
			g, err := p.index.Open(ctx, p.index.Locator(small))
			require.NoError(t, err)
			require.NoError(t, put(ctx, g, told))
			require.NoError(t, j.both(ctx))
			require.NoError(t, c.spoil(ctx, p, g))
			for says, err := range map[*string]error{&c.now: j.now(ctx), &c.both: j.both(ctx)} {
				if *says == "" {
					require.NoError(t, err)
					continue
				}
				require.ErrorContains(t, err, *says)
			}
		})
	}
}

// put writes an item's record into the generation of the former model.
func put(ctx context.Context, g backends.Generation, it backends.Item) error {
	v, err := vectorOf(ctx, small, it.Text)
	if err != nil {
		return err
	}
	return g.Upsert(ctx, []backends.Record{{ID: it.ID, Vector: v, Stamp: backends.NewStamp(it, small.Fingerprint(), false)}})
}
