package intercept_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/intercept"
)

var (
	ids     = []string{"a", "b", "c"}
	records = []backends.Record{{ID: "a"}, {ID: "b"}}
	spec    = backends.GenerationSpec{Locator: "l", Dimensions: 2}
)

// calls has each method of each role that takes a context, with the items that
// it is given (before) and works on (after).
var calls = []struct {
	role, operation string
	before, after   int
	do              func(ctx context.Context, w world) (any, error)
}{
	{"embedder", "Embed", 3, 3, func(ctx context.Context, w world) (any, error) {
		return w.embedder.Embed(ctx, backends.SearchQuery, ids)
	}},
	{"source", "Ping", 0, 0, func(ctx context.Context, w world) (any, error) { return nil, w.source.Ping(ctx) }},
	{"source", "Count", 0, 0, func(ctx context.Context, w world) (any, error) {
		n, exact, err := w.source.Count(ctx)
		if !exact {
			n = 0
		}
		return n, err
	}},
	{"source", "Split", 0, 2, func(ctx context.Context, w world) (any, error) { return w.source.Split(ctx, "k", 5, 6) }},
	{"source", "ReadPage", 0, 2, func(ctx context.Context, w world) (any, error) {
		return w.source.ReadPage(ctx, backends.Range{From: "a"}, "c", backends.PageLimit{Items: 9})
	}},
	{"source", "Lookup", 3, 3, func(ctx context.Context, w world) (any, error) { return w.source.Lookup(ctx, ids) }},
	{"source", "Subscribe", 0, 0, func(ctx context.Context, w world) (any, error) { return nil, capture(w).Subscribe(ctx, "c") }},
	{"source", "Changes", 0, 2, func(ctx context.Context, w world) (any, error) { return capture(w).Changes(ctx, "c", "3", 9) }},
	{"source", "Acknowledge", 2, 2, func(ctx context.Context, w world) (any, error) {
		return nil, capture(w).Acknowledge(ctx, "c", []backends.Change{{ID: "a", Mark: "1"}, {ID: "b", Mark: "2"}})
	}},
	{"source", "Unsubscribe", 0, 0, func(ctx context.Context, w world) (any, error) { return nil, capture(w).Unsubscribe(ctx, "c") }},
	{"source", "Consumers", 0, 1, func(ctx context.Context, w world) (any, error) { return capture(w).Consumers(ctx) }},
	{"index", "Ping", 0, 0, func(ctx context.Context, w world) (any, error) { return nil, w.index.Ping(ctx) }},
	{"index", "Generations", 0, 1, func(ctx context.Context, w world) (any, error) { return w.index.Generations(ctx) }},
	{"index", "Create", 0, 0, func(ctx context.Context, w world) (any, error) { return inner(w.index.Create(ctx, spec)) }},
	{"index", "Open", 0, 0, func(ctx context.Context, w world) (any, error) { return inner(w.index.Open(ctx, "l")) }},
	{"index", "Finish", 0, 0, func(ctx context.Context, w world) (any, error) { return nil, w.index.Finish(ctx, "l") }},
	{"index", "Drop", 0, 0, func(ctx context.Context, w world) (any, error) { return nil, w.index.Drop(ctx, "l") }},
	{"generation", "Stamps", 3, 3, func(ctx context.Context, w world) (any, error) { return w.generation.Stamps(ctx, ids) }},
	{"generation", "Split", 0, 2, func(ctx context.Context, w world) (any, error) { return w.generation.Split(ctx, "k", 5, 6) }},
	{"generation", "ReadStamps", 0, 1, func(ctx context.Context, w world) (any, error) {
		return w.generation.ReadStamps(ctx, backends.Range{From: "a"}, "c", backends.PageLimit{Items: 9})
	}},
	{"generation", "Fetch", 3, 3, func(ctx context.Context, w world) (any, error) { return w.generation.Fetch(ctx, ids) }},
	{"generation", "Upsert", 2, 2, func(ctx context.Context, w world) (any, error) { return nil, w.generation.Upsert(ctx, records) }},
	{"generation", "SetPayload", 2, 2, func(ctx context.Context, w world) (any, error) {
		return nil, w.generation.SetPayload(ctx, records)
	}},
	{"generation", "Delete", 3, 3, func(ctx context.Context, w world) (any, error) { return nil, w.generation.Delete(ctx, ids) }},
	{"generation", "UpsertCurrent", 2, 2, func(ctx context.Context, w world) (any, error) {
		return conditional(w).UpsertCurrent(ctx, records)
	}},
	{"generation", "DeleteAbsent", 3, 3, func(ctx context.Context, w world) (any, error) { return conditional(w).DeleteAbsent(ctx, ids) }},
	{"generation", "Count", 0, 0, func(ctx context.Context, w world) (any, error) { return w.generation.Count(ctx) }},
	{"generation", "Search", 0, 2, func(ctx context.Context, w world) (any, error) {
		return w.generation.Search(ctx, backends.Query{K: 2})
	}},
	{"registry", "Ping", 0, 0, func(ctx context.Context, w world) (any, error) { return nil, w.registry.Ping(ctx) }},
	{"registry", "Get", 1, 1, func(ctx context.Context, w world) (any, error) { return w.registry.Get(ctx, "k", "n") }},
	{"registry", "Put", 1, 1, func(ctx context.Context, w world) (any, error) { return w.registry.Put(ctx, "k", "n", 3, []byte("v")) }},
	{"registry", "Delete", 1, 1, func(ctx context.Context, w world) (any, error) { return nil, w.registry.Delete(ctx, "k", "n", 3) }},
	{"registry", "List", 0, 1, func(ctx context.Context, w world) (any, error) { return w.registry.List(ctx, "k", "p", "a", 4) }},
}

// Guards against a method that is added to a role and passes by the decorators.
func TestEveryMethodOfEveryRoleIsCalled(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, c := range calls {
		tested[c.role+"."+c.operation] = true
	}
	for role, types := range map[string][]reflect.Type{
		"embedder":   {reflect.TypeFor[backends.Embedder]()},
		"source":     {reflect.TypeFor[backends.Source](), reflect.TypeFor[backends.Capture]()},
		"index":      {reflect.TypeFor[backends.Index]()},
		"generation": {reflect.TypeFor[backends.Generation](), reflect.TypeFor[backends.ConditionalWriter]()},
		"registry":   {reflect.TypeFor[backends.Registry]()},
	} {
		for _, typ := range types {
			for m := range typ.Methods() {
				if m.Type.NumIn() > 0 && m.Type.In(0) == reflect.TypeFor[context.Context]() {
					require.Contains(t, tested, role+"."+m.Name)
				}
			}
		}
	}
}

func TestIntercepted(t *testing.T) {
	t.Parallel()
	for _, c := range calls {
		t.Run(c.role+"."+c.operation, func(t *testing.T) {
			t.Parallel()
			plain, arguments := newWorld(t, nil)
			want, err := c.do(t.Context(), plain)
			require.NoError(t, err)
			wantArguments := *arguments

			var got []intercept.Call
			var items int
			through, arguments := newWorld(t, func(ctx context.Context, call intercept.Call, next func(context.Context) (int, error)) error {
				got = append(got, call)
				n, err := next(context.WithValue(ctx, mark{}, "set by the interceptor"))
				items = n
				return err
			})
			got = nil // opening the world's generation was a call as well
			answer, err := c.do(t.Context(), through)
			require.NoError(t, err)
			require.Equal(t, want, answer)
			require.Equal(t, []intercept.Call{{Role: c.role, Operation: c.operation, Items: c.before}}, got)
			require.Equal(t, c.after, items)
			require.Equal(t, wantArguments.args, arguments.args, "what the backend was given")
			require.Equal(t, "set by the interceptor", arguments.mark)
		})
	}
}

// An answer beside an error would be used by careless callers.
func TestErrorLeavesNoAnswer(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost")
	for _, c := range calls {
		t.Run(c.role+"."+c.operation, func(t *testing.T) {
			t.Parallel()
			failing := false
			w, _ := newWorld(t, func(ctx context.Context, _ intercept.Call, next func(context.Context) (int, error)) error {
				if _, err := next(ctx); err != nil || !failing {
					return err
				}
				return lost
			})
			failing = true
			answer, err := c.do(t.Context(), w)
			require.ErrorIs(t, err, lost)
			if answer != nil {
				require.Zero(t, answer)
			}
		})
	}
}

func TestBackendsErrorPasses(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	var items []int
	e := intercept.Embedder(&fakeEmbedder{fail: down}, func(ctx context.Context, _ intercept.Call, next func(context.Context) (int, error)) error {
		n, err := next(ctx)
		items = append(items, n)
		return err
	})
	_, err := e.Embed(t.Context(), backends.Document, ids)
	require.Equal(t, down, err)
	require.Equal(t, []int{3}, items)
}

func TestWrappersTellWhatIsBehind(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, func(ctx context.Context, _ intercept.Call, next func(context.Context) (int, error)) error {
		_, err := next(ctx)
		return err
	})
	require.Equal(t, "fake", w.embedder.Model().Name)
	require.Equal(t, 7, w.embedder.Limits().Inputs)
	require.Equal(t, 11, w.index.Traits().MaxDimensions)
	require.Equal(t, "at-fake", w.index.Locator(backends.Model{Name: "fake"}))
	require.Equal(t, spec, w.generation.Spec())

	_, ok := backends.As[*fakeEmbedder](w.embedder)
	require.True(t, ok)
	_, ok = backends.As[*fakeSource](w.source)
	require.True(t, ok)
	_, ok = backends.As[*fakeIndex](w.index)
	require.True(t, ok)
	_, ok = backends.As[*fakeGeneration](w.generation)
	require.True(t, ok)
	_, ok = backends.As[*fakeRegistry](w.registry)
	require.True(t, ok)
	_, ok = backends.As[backends.ItemWriter](w.source)
	require.False(t, ok, "an ability that nobody has")
}
