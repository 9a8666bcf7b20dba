package sweep

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
)

// finish brings a staged store to where a job has to bring it.
func (p *place) finish(ctx context.Context, t *testing.T, l *lane) {
	t.Helper()
	items, err := p.source.ReadPage(ctx, backends.Range{}, "", backends.PageLimit{Items: 1000})
	require.NoError(t, err)
	require.NoError(t, p.fill(ctx, large, items.Items))
	g, err := p.index.Open(ctx, p.index.Locator(large))
	require.NoError(t, err)
	require.NoError(t, g.Delete(ctx, []string{deserted}))
	for _, it := range items.Items {
		if it.ID == damaged || it.ID == wordless {
			q := records.Quarantined{ID: it.ID, Content: backends.ContentHash(it.Text), Reason: "r", At: time.Now().UTC()}
			require.NoError(t, records.PutQuarantined(ctx, p.registry, l.name, large.Fingerprint(), q))
		}
	}
	for _, id := range []string{renewed, forgotten} {
		require.NoError(t, records.DeleteQuarantined(ctx, p.registry, l.name, large.Fingerprint(), id))
	}
	for n := range 5 {
		_, err := p.registry.Put(ctx, "canary", fmt.Sprintf("%s/%d", large.Fingerprint(), n), 0, []byte("{}"))
		require.NoError(t, err)
	}
	now, err := route.Get(ctx, p.registry, l.name)
	require.NoError(t, err)
	_, err = route.Swap(ctx, p.registry, now.Version, p.latter(l))
	require.NoError(t, err)
}

func (p *place) latter(l *lane) route.Route {
	return route.Route{
		Namespace: l.name, Generation: 2, Locator: p.index.Locator(large), Model: l.model(large),
		Fingerprint: large.Fingerprint(), Dimensions: large.Dimensions, Metric: large.Metric,
	}
}

// A judge that finds nothing wrong with anything would make a sweep of no worth.
func TestJudgeFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	l := &lane{name: "docs"}
	write := func(m backends.Model, item backends.Item, vector string) func(context.Context, *place) error {
		return func(ctx context.Context, p *place) error {
			g, err := p.index.Open(ctx, p.index.Locator(m))
			if err != nil {
				return err
			}
			v, err := vectorOf(ctx, m, vector)
			if err != nil {
				return err
			}
			r := backends.Record{ID: item.ID, Vector: v, Stamp: backends.NewStamp(item, m.Fingerprint(), p.index.Traits().CopiesPayload)}
			return g.Upsert(ctx, []backends.Record{r})
		}
	}
	remove := func(kind, key string) func(context.Context, *place) error {
		return func(ctx context.Context, p *place) error {
			e, err := p.registry.Get(ctx, kind, key)
			if err != nil {
				return err
			}
			return p.registry.Delete(ctx, kind, key, e.Version)
		}
	}
	for name, c := range map[string]struct {
		spoil func(context.Context, *place) error
		says  string
	}{
		"nothing": {func(context.Context, *place) error { return nil }, ""},
		"missing": {func(ctx context.Context, p *place) error {
			g, err := p.index.Open(ctx, p.index.Locator(large))
			if err != nil {
				return err
			}
			return g.Delete(ctx, []string{"item-01"})
		}, "item-01 is missing"},
		"extra":           {write(large, backends.Item{ID: deserted, Text: "x"}, "x"), "item-xx is extra"},
		"stale":           {write(large, backends.Item{ID: "item-01", Text: "x"}, "x"), "item-01: has the "},
		"another vector":  {write(large, backends.Item{ID: "item-01", Text: text(1), Payload: []byte(`{"page":1}`)}, text(2)), "item-01: has "},
		"no text":         {write(large, backends.Item{ID: damaged, Text: "x"}, "x"), damaged + " has a record"},
		"former touched":  {write(small, backends.Item{ID: "item-01", Text: "x"}, "x"), "was touched"},
		"no refusal":      {remove("quarantine", large.Fingerprint()+"/docs/"+wordless), wordless + " is not in quarantine"},
		"a canary silent": {remove("canary", large.Fingerprint()+"/2"), "there are 4 canaries"},
		"no route":        {remove("route", "docs"), "read the route"},
		"a refusal too many": {func(ctx context.Context, p *place) error {
			return records.PutQuarantined(ctx, p.registry, "docs", large.Fingerprint(), records.Quarantined{ID: forgotten})
		}, "the registry holds quarantine/"},
		"a third generation": {func(ctx context.Context, p *place) error {
			m := large
			m.Revision = "2"
			_, err := p.index.Create(ctx, backends.SpecOf(m, p.index.Locator(m)))
			return err
		}, "there are 3 generations"},
		"switched twice": {func(ctx context.Context, p *place) error {
			now, err := route.Get(ctx, p.registry, "docs")
			if err != nil {
				return err
			}
			next := p.latter(l)
			next.Generation = 3
			_, err = route.Swap(ctx, p.registry, now.Version, next)
			return err
		}, "the route is "},
		"the route rewritten": {func(ctx context.Context, p *place) error {
			now, err := route.Get(ctx, p.registry, "docs")
			if err != nil {
				return err
			}
			back := p.latter(l)
			back.Locator, back.Model = p.index.Locator(small), l.model(small)
			_, err = route.Swap(ctx, p.registry, now.Version, back)
			return err
		}, "the route was written"},
	} {
		for _, store := range stores {
			t.Run(name+" on "+store, func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				p, err := open(ctx, store, t.TempDir())
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, p.close()) })
				require.NoError(t, p.stage(ctx, l))
				j, err := newJudge(ctx, p, l)
				require.NoError(t, err)
				require.NoError(t, j.now(ctx), "the stage is right")
				require.Error(t, j.completed(ctx), "and no job has run")
				p.finish(ctx, t, l)
				require.NoError(t, c.spoil(ctx, p))
				if err = j.completed(ctx); c.says == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, c.says)
			})
		}
	}
}
