package backendtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
)

type embedFunc = func(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error)

// broken is a sound embedder with one mistake in it.
type broken struct {
	backends.Embedder
	model func(m *backends.Model)
	embed func(sound embedFunc) embedFunc
}

func (b *broken) Model() backends.Model {
	m := b.Embedder.Model()
	if b.model != nil {
		b.model(&m)
	}
	return m
}

func (b *broken) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	if b.embed != nil {
		return b.embed(b.Embedder.Embed)(ctx, p, texts)
	}
	return b.Embedder.Embed(ctx, p, texts)
}

func sound(t *testing.T) backends.Embedder {
	t.Helper()
	e, err := hashing.New(backends.Model{
		Name: "sound", Driver: "hashing", Dimensions: 64, Metric: backends.Cosine, Normalized: true,
	}, hashing.Config{MaxInputs: 50, MaxTokensPerRequest: 2000})
	require.NoError(t, err)
	return e
}

// answer changes what a sound embedder answered.
func answer(change func(p backends.Purpose, texts []string, v [][]float32) [][]float32) func(embedFunc) embedFunc {
	return func(sound embedFunc) embedFunc {
		return func(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
			out, err := sound(ctx, p, texts)
			if err == nil {
				out.Vectors = change(p, texts, out.Vectors)
			}
			return out, err
		}
	}
}

// The suite is worth what it finds: each mistake must fail the check that is
// named after it.
func TestEmbedderSuiteFindsMistakes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fails string
		broken
	}{
		"no name": {"Model", broken{model: func(m *backends.Model) { m.Name = "" }}},
		"a vector for nothing": {"NoTexts", broken{embed: answer(func(_ backends.Purpose, texts []string, v [][]float32) [][]float32 {
			if len(texts) == 0 {
				return [][]float32{{1}}
			}
			return v
		})}},
		"other order": {"Order", broken{embed: answer(func(_ backends.Purpose, _ []string, v [][]float32) [][]float32 {
			slices.Reverse(v)
			return v
		})}},
		"all the same": {"Order", broken{embed: answer(func(_ backends.Purpose, _ []string, v [][]float32) [][]float32 {
			for i := range v {
				v[i] = slices.Clone(v[0])
			}
			return v
		})}},
		"duplicates left out": {"Duplicates", broken{embed: func(sound embedFunc) embedFunc {
			return func(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
				return sound(ctx, p, slices.Compact(slices.Sorted(slices.Values(texts))))
			}
		}}},
		"sorts the caller's texts": {"Limits", broken{embed: func(sound embedFunc) embedFunc {
			return func(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
				given := slices.Clone(texts)
				slices.Reverse(texts)
				return sound(ctx, p, given)
			}
		}}},
		"counts requests in": {"SameTextSameVector", broken{embed: counting()}},
		"not normalized": {"Limits", broken{embed: answer(func(_ backends.Purpose, _ []string, v [][]float32) [][]float32 {
			v[len(v)-1][0] += 2
			return v
		})}},
		"cut off": {"Limits", broken{embed: answer(func(_ backends.Purpose, _ []string, v [][]float32) [][]float32 {
			v[0] = v[0][1:]
			return v
		})}},
		"zeros": {"UglyTexts", broken{embed: func(sound embedFunc) embedFunc {
			return func(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
				out, err := sound(ctx, p, texts)
				if errors.Is(err, backends.ErrInvalidInput) {
					return backends.Embedding{Vectors: [][]float32{make([]float32, 64)}}, nil
				}
				return out, err
			}
		}}},
		"queries are others": {"Purposes", broken{embed: answer(func(p backends.Purpose, _ []string, v [][]float32) [][]float32 {
			if p == backends.SearchQuery {
				slices.Reverse(v[0])
			}
			return v
		})}},
		"hands out its cache": {"OwnMemory", broken{embed: caching()}},
		"mixes callers up":    {"Concurrent", broken{embed: mixing()}},
		"ignores the context": {"Cancelled", broken{embed: func(sound embedFunc) embedFunc {
			return func(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
				return sound(context.WithoutCancel(ctx), p, texts)
			}
		}}},
		"quotes": {"Refused", broken{embed: func(sound embedFunc) embedFunc {
			return func(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
				out, err := sound(ctx, p, texts)
				if err != nil {
					err = fmt.Errorf("%w: %q", err, texts)
				}
				return out, err
			}
		}}},
		"another error": {"Refused", broken{embed: func(sound embedFunc) embedFunc {
			return func(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
				out, err := sound(ctx, p, texts)
				if err != nil {
					err = backends.ErrUnavailable
				}
				return out, err
			}
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.Embedder = sound(t)
			require.True(t, fails(t, tt.fails, &tt.broken), "the check %s has to find it", tt.fails)
			require.False(t, fails(t, tt.fails, sound(t)), "and passes a sound embedder")
		})
	}
}

// fails runs one check of the suite and reports whether it failed.
func fails(t *testing.T, check string, e backends.Embedder) bool {
	t.Helper()
	s := embedderSuite{
		EmbedderDriver: EmbedderDriver{Refuses: true, Refused: "?!", MinCosine: 0.999999},
		Embedder:       e, fresh: func() backends.Embedder { return e },
	}
	i := slices.IndexFunc(embedderChecks, func(c embedderCheck) bool { return c.name == check })
	require.GreaterOrEqual(t, i, 0, check)
	r := &watched{T: t}
	var wg sync.WaitGroup
	wg.Go(func() { embedderChecks[i].check(r, s) })
	wg.Wait()
	return r.failed
}

// watched takes note of failures instead of failing the test.
type watched struct {
	*testing.T
	failed bool
}

func (w *watched) Errorf(string, ...any) { w.failed = true }
func (w *watched) FailNow()              { w.failed = true; runtime.Goexit() }

// counting answers otherwise each time.
func counting() func(embedFunc) embedFunc {
	var mu sync.Mutex
	n := 0
	return answer(func(_ backends.Purpose, _ []string, v [][]float32) [][]float32 {
		mu.Lock()
		defer mu.Unlock()
		n++
		for _, x := range v {
			slices.Reverse(x[:n%len(x)])
		}
		return v
	})
}

func caching() func(embedFunc) embedFunc {
	var mu sync.Mutex
	cache := map[string][]float32{}
	return answer(func(_ backends.Purpose, texts []string, v [][]float32) [][]float32 {
		mu.Lock()
		defer mu.Unlock()
		for i, text := range texts {
			if cached, ok := cache[text]; ok {
				v[i] = cached
			}
			cache[text] = v[i]
		}
		return v
	})
}

// mixing keeps the text of whoever came last, as an embedder with one buffer
// for all callers would.
func mixing() func(embedFunc) embedFunc {
	var mu sync.Mutex
	var last []string
	return func(sound embedFunc) embedFunc {
		return func(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
			mu.Lock()
			texts, last = last, slices.Clone(texts)
			if len(texts) != len(last) {
				texts = last
			}
			mu.Unlock()
			return sound(ctx, p, texts)
		}
	}
}
