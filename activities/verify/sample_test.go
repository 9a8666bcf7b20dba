package verify_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
)

func (w *world) sample(p verify.Pair, e backends.Embedder, o verify.SampleOptions) verify.Report {
	w.t.Helper()
	o.Rand = seeded()
	r, err := verify.Sample(w.t.Context(), p, e, o)
	require.NoError(w.t, err)
	return r
}

func TestSampleOfARightGeneration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 90)
	got := w.sample(w.pair(), w.embedder, verify.SampleOptions{Items: 30, BatchSize: 7})
	require.True(t, got.Clean(), got.Findings)
	require.Equal(t, 30, got.Sampled)
	require.Equal(t, 20, got.Searched, "an exact search reads everything: fewer of them")
	require.InDelta(t, 1, got.MinCosine, 1e-6)
	require.Nil(t, got.ANNRecall)

	got = newWorld(t, 0).sample(newWorld(t, 0).pair(), w.embedder, verify.SampleOptions{})
	require.Equal(t, verify.Report{}, got)
}

// The stamp is right and the vector is not: nothing but embedding again tells.
func TestSampleFindsDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	r := w.record(id(4), text(4))
	r.Vector = w.record("", "something else altogether").Vector
	w.upsert(r)
	got := w.sample(w.pair(), w.embedder, verify.SampleOptions{})
	require.Equal(t, []verify.Finding{{Kind: verify.Drift, ID: id(4), Want: backends.ContentHash(text(4))}}, got.Findings)
	require.Less(t, got.MinCosine, 0.9)
}

// A server that mixes up the vectors of a request does it the same way each time,
// and a small namespace is one request, whose order the sample may have by chance.
func TestSampleFindsVectorsInAnotherOrder(t *testing.T) {
	t.Parallel()
	orders := map[string]func(texts []string, v [][]float32){
		"reversed":    func(_ []string, v [][]float32) { slices.Reverse(v) },
		"two swapped": func(_ []string, v [][]float32) { v[0], v[len(v)-1] = v[len(v)-1], v[0] },
		"turned round": func(_ []string, v [][]float32) {
			copy(v, append(slices.Clone(v[1:]), v[0]))
		},
		"sorted": func(texts []string, v [][]float32) {
			by := make(map[string][]float32, len(texts))
			for i, text := range texts {
				by[text] = v[i]
			}
			for i, text := range slices.Sorted(maps.Keys(by)) {
				v[len(v)-1-i] = by[text]
			}
		},
	}
	for name, order := range orders {
		for _, n := range []int{2, 3, 4, 5, 60} {
			t.Run(fmt.Sprintf("%s, %d items", name, n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, n)
				e := ordering{w.embedder, order}
				texts := make([]string, n)
				for i := range texts {
					texts[i] = text(i)
				}
				got, err := e.Embed(t.Context(), backends.Document, texts)
				require.NoError(t, err)
				for i := range texts {
					r := w.record(id(i), texts[i])
					r.Vector = got.Vectors[i]
					w.upsert(r)
				}
				report := w.sample(w.pair(), e, verify.SampleOptions{})
				require.Positive(t, report.Counts[verify.Drift])
			})
		}
	}
}

type ordering struct {
	backends.Embedder
	order func(texts []string, vectors [][]float32)
}

func (o ordering) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	got, err := o.Embedder.Embed(ctx, p, texts)
	if err == nil && len(texts) > 1 {
		o.order(texts, got.Vectors)
	}
	return got, err
}

// A text that the provider refuses now has no fresh vector: that is a drift too,
// and the other texts of its request are compared all the same.
func TestSampleOfARefusedText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	got := w.sample(w.pair(), refusing{w.embedder, text(4)}, verify.SampleOptions{})
	require.Equal(t, map[verify.Kind]int64{verify.Drift: 1}, got.Counts)
	require.Equal(t, 10, got.Sampled)
}

type refusing struct {
	backends.Embedder
	text string
}

func (r refusing) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	for _, t := range texts {
		if t == r.text {
			return backends.Embedding{}, fmt.Errorf("%w: a text", backends.ErrInvalidInput)
		}
	}
	return r.Embedder.Embed(ctx, p, texts)
}

func TestSamplePassesOverWhatForwardFinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	w.forget(id(1))
	w.store(id(2), "old")
	w.put("defect", "")
	got := w.sample(w.pair(), w.embedder, verify.SampleOptions{})
	require.True(t, got.Clean())
	require.Equal(t, 8, got.Sampled)
}

// What changed while it was compared is no drift.
func TestSampleLooksTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	r := w.record(id(4), text(4))
	r.Vector = w.record("", "something else altogether").Vector
	w.upsert(r)
	s := faulty.New(faulty.Fault{Operation: "Embed", Nth: 1, Do: func(context.Context, faulty.Call) error {
		w.put(id(4), "new")
		w.store(id(4), "new")
		return nil
	}})
	got := w.sample(w.pair(), s.Embedder(w.embedder), verify.SampleOptions{})
	require.Equal(t, 1, s.Struck())
	require.True(t, got.Clean())
}

// lossy answers searches without some ids; approximate ones lose more.
type lossy struct {
	backends.Generation
	always, approximate string // ids that are not found
	share               bool   // approximate searches find only every other
}

func (l lossy) Search(ctx context.Context, q backends.Query) ([]backends.Hit, error) {
	k := q.K
	q.K = k + 1
	hits, err := l.Generation.Search(ctx, q)
	var out []backends.Hit
	for i, h := range hits {
		if h.ID == l.always || (!q.Exact && h.ID == l.approximate) || (!q.Exact && l.share && i%2 == 1) {
			continue
		}
		out = append(out, h)
	}
	return out[:min(k, len(out))], err
}

func TestSampleFindsWhatSearchesDoNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 40)
	p := w.pair()
	p.Target = lossy{Generation: w.target, always: id(4)}
	got := w.sample(p, w.embedder, verify.SampleOptions{})
	require.Equal(t, []verify.Finding{{Kind: verify.Search, ID: id(4), Want: backends.ContentHash(text(4))}}, got.Findings)
}

func TestSampleOfAnApproximateIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 40)
	p := w.pair()
	p.Target = lossy{Generation: w.target, approximate: id(4)}
	got := w.sample(p, w.embedder, verify.SampleOptions{ANN: true})
	require.True(t, got.Clean(), "a single miss is a matter of recall")
	require.Greater(t, *got.ANNRecall, 0.95)

	p.Target = lossy{Generation: w.target, share: true}
	got = w.sample(p, w.embedder, verify.SampleOptions{ANN: true})
	require.InDelta(t, 0.6, *got.ANNRecall, 0.11)
	require.Equal(t, []verify.Finding{{Kind: verify.ANN}}, got.Findings)

	p.Target = w.target
	got = w.sample(p, w.embedder, verify.SampleOptions{ANN: true})
	require.InDelta(t, 1, *got.ANNRecall, 1e-9)
}

// Fifty items of one text crowd each other out of ten answers.
func TestSampleOfEqualTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	for i := range 50 {
		w.put(id(i), "always the same")
		w.store(id(i), "always the same")
	}
	got := w.sample(w.pair(), w.embedder, verify.SampleOptions{ANN: true})
	require.True(t, got.Clean(), got.Findings)
	require.Equal(t, 50, got.Searched)
}

func TestSampleObeysLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30)
	e := &limited{Embedder: w.embedder, limits: backends.EmbedderLimits{Inputs: 4, TokensPerRequest: 3 * backends.EstimateTokens(text(10))}}
	got := w.sample(w.pair(), e, verify.SampleOptions{})
	require.Equal(t, 30, got.Sampled)
	require.LessOrEqual(t, e.most, 3)
}

type limited struct {
	backends.Embedder
	limits backends.EmbedderLimits
	most   int
}

func (l *limited) Limits() backends.EmbedderLimits { return l.limits }
func (l *limited) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	l.most = max(l.most, len(texts))
	return l.Embedder.Embed(ctx, p, texts)
}

func TestEachCallOfASampleFails(t *testing.T) {
	t.Parallel()
	for _, at := range []faulty.Call{
		{Role: "source", Operation: "Count"},
		{Role: "source", Operation: "Split"},
		{Role: "source", Operation: "ReadPage"},
		{Role: "generation", Operation: "Fetch"},
		{Role: "generation", Operation: "Count"},
		{Role: "generation", Operation: "Search"},
		{Role: "embedder", Operation: "Embed"},
	} {
		t.Run(at.Role+" "+at.Operation, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 10)
			s := faulty.New(faulty.Fault{Role: at.Role, Operation: at.Operation, Err: backends.ErrThrottled})
			p := w.pair()
			p.Source, p.Target = s.Source(w.source), s.Generation(w.target)
			_, err := verify.Sample(t.Context(), p, s.Embedder(w.embedder), verify.SampleOptions{})
			require.ErrorIs(t, err, backends.ErrThrottled)
		})
	}
	w := newWorld(t, 3)
	_, err := verify.Sample(t.Context(), w.pair(), mute{w.embedder}, verify.SampleOptions{})
	require.ErrorIs(t, err, backends.ErrInvalidVector)
}

type mute struct{ backends.Embedder }

func (mute) Embed(context.Context, backends.Purpose, []string) (backends.Embedding, error) {
	return backends.Embedding{}, nil
}

func TestSpreadReachesTheWholeKeySpace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	var items []backends.Item
	for i := range 1000 {
		items = append(items, backends.Item{ID: id(i), Text: text(i)})
	}
	require.NoError(t, w.source.PutItems(t.Context(), items))
	drawn, err := verify.Spread(t.Context(), w.source, 100, seeded())
	require.NoError(t, err)
	require.InDelta(t, 100, len(drawn), 2)
	tenths := map[string]int{}
	ids := map[string]bool{}
	for _, it := range drawn {
		tenths[strings.TrimPrefix(it.ID, "id-")[:1]]++
		ids[it.ID] = true
	}
	require.Len(t, ids, len(drawn), "an item was drawn twice")
	require.Len(t, tenths, 10)
	for _, n := range tenths {
		require.InDelta(t, 10, n, 2)
	}
	again, err := verify.Spread(t.Context(), w.source, 100, rand.New(rand.NewPCG(1, 1)))
	require.NoError(t, err)
	require.NotEqual(t, drawn, again, "another sample each time")
}

// A page holds at least one item, however long: a sample of 200 texts of 10 MB
// each was held in memory as a whole.
func TestSpreadIsBoundedByItsBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	huge := strings.Repeat("huge ", 1<<16) // one string for all
	items := make([]backends.Item, 0, 400)
	for i := range cap(items) {
		items = append(items, backends.Item{ID: id(i), Text: text(i)})
		if i%4 != 3 {
			items[i].Text = huge
		}
	}
	require.NoError(t, w.source.PutItems(t.Context(), items))
	drawn, err := verify.Spread(t.Context(), w.source, 100, seeded())
	require.NoError(t, err)
	require.Greater(t, len(drawn), 40, "as many as go in")
	held := 0
	for _, it := range drawn {
		held += it.Bytes()
	}
	require.LessOrEqual(t, held, 16<<20)
}
