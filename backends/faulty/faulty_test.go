package faulty_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
)

// backend stands behind one of each role, and counts the effects of its calls.
type backend struct {
	backends.Embedder

	mu      sync.Mutex
	effects []string
	fail    error
}

func (b *backend) effect(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.effects = append(b.effects, name)
	return b.fail
}

func (b *backend) Embed(context.Context, backends.Purpose, []string) (backends.Embedding, error) {
	return backends.Embedding{Tokens: 1}, b.effect("Embed")
}

type source struct {
	backends.Source
	b *backend
}

func (s *source) Lookup(context.Context, []string) ([]backends.Item, error) {
	return nil, s.b.effect("Lookup")
}

type registry struct {
	backends.Registry
	b *backend
}

func (r *registry) Put(context.Context, string, string, int64, []byte) (int64, error) {
	return 1, r.b.effect("Put")
}

type index struct {
	backends.Index
	b *backend
}

func (i *index) Open(context.Context, string) (backends.Generation, error) {
	return &generation{b: i.b}, i.b.effect("Open")
}

type generation struct {
	backends.Generation
	b *backend
}

func (g *generation) Upsert(context.Context, []backends.Record) error { return g.b.effect("Upsert") }

func embed(ctx context.Context, e backends.Embedder) error {
	_, err := e.Embed(ctx, backends.Document, []string{"x", "y"})
	return err
}

func TestNthCallFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		fault   faulty.Fault
		want    []bool // of four calls, which fail
		effects int
	}{
		{"before", faulty.Fault{Operation: "Embed", Nth: 2, Err: backends.ErrUnavailable}, []bool{false, true, false, false}, 3},
		{"after", faulty.Fault{Operation: "Embed", Nth: 2, When: faulty.After, Err: backends.ErrUnavailable}, []bool{false, true, false, false}, 4},
		{"every", faulty.Fault{Role: "embedder", Err: backends.ErrUnavailable}, []bool{true, true, true, true}, 0},
		{"any role", faulty.Fault{Nth: 4, Err: backends.ErrUnavailable}, []bool{false, false, false, true}, 3},
		{"another role", faulty.Fault{Role: "source", Err: backends.ErrUnavailable}, []bool{false, false, false, false}, 4},
		{"another operation", faulty.Fault{Operation: "Lookup", Err: backends.ErrUnavailable}, []bool{false, false, false, false}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &backend{}
			s := faulty.New(tt.fault)
			e := s.Embedder(b)
			struck := 0
			for i, fails := range tt.want {
				err := embed(t.Context(), e)
				require.Equal(t, fails, err != nil, "call %d", i+1)
				if fails {
					struck++
					require.ErrorIs(t, err, backends.ErrUnavailable)
					require.ErrorContains(t, err, "embedder.Embed")
				}
			}
			require.Len(t, b.effects, tt.effects)
			require.Equal(t, struck, s.Struck())
			require.Len(t, s.Calls(), 4)
		})
	}
}

// The exhaustive test reads the calls of one run and fails each in turn: the
// order, and all roles in one sequence, are what it builds on.
func TestRecordsCallsOfAllRoles(t *testing.T) {
	t.Parallel()
	s := faulty.New()
	run := func(b *backend) error {
		if err := embed(t.Context(), s.Embedder(b)); err != nil {
			return err
		}
		if _, err := s.Source(&source{b: b}).Lookup(t.Context(), []string{"a"}); err != nil {
			return err
		}
		g, err := s.Index(&index{b: b}).Open(t.Context(), "l")
		if err != nil {
			return err
		}
		if err := g.Upsert(t.Context(), make([]backends.Record, 3)); err != nil {
			return err
		}
		_, err = s.Registry(&registry{b: b}).Put(t.Context(), "kind", "key", 0, nil)
		return err
	}
	require.NoError(t, run(&backend{}))
	calls := s.Calls()
	require.Equal(t, []faulty.Call{
		{Role: "embedder", Operation: "Embed", Seq: 1, Items: 2},
		{Role: "source", Operation: "Lookup", Seq: 2, Items: 1},
		{Role: "index", Operation: "Open", Seq: 3},
		{Role: "generation", Operation: "Upsert", Seq: 4, Items: 3},
		{Role: "registry", Operation: "Put", Seq: 5, Items: 1},
	}, calls)

	for _, c := range calls {
		for when, effects := range map[faulty.When]int{faulty.Before: c.Seq - 1, faulty.After: c.Seq} {
			s = faulty.New(faulty.Fault{Nth: c.Seq, When: when, Err: backends.ErrUnavailable})
			b := &backend{}
			err := run(b)
			require.ErrorIs(t, err, backends.ErrUnavailable)
			require.ErrorContains(t, err, c.String())
			require.Len(t, b.effects, effects)
		}
	}
}

func TestOwnErrorIsKept(t *testing.T) {
	t.Parallel()
	s := faulty.New(faulty.Fault{When: faulty.After, Err: backends.ErrUnavailable})
	b := &backend{fail: backends.ErrInvalidInput}
	err := embed(t.Context(), s.Embedder(b))
	require.Equal(t, backends.ErrInvalidInput, err)
	require.Zero(t, s.Struck())
}

func TestClearAndAdd(t *testing.T) {
	t.Parallel()
	s := faulty.New(faulty.Fault{Err: backends.ErrUnavailable})
	e := s.Embedder(&backend{})
	require.Error(t, embed(t.Context(), e))
	s.Clear()
	require.NoError(t, embed(t.Context(), e))
	s.Add(faulty.Fault{Nth: 2, Err: backends.ErrThrottled})
	require.NoError(t, embed(t.Context(), e), "a fault counts from when it was added")
	require.ErrorIs(t, embed(t.Context(), e), backends.ErrThrottled)
}

func TestDelayAndHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{}
		s := faulty.New(
			faulty.Fault{Operation: "Embed", Nth: 1, Delay: time.Minute},
			faulty.Fault{Operation: "Embed", Nth: 2, Delay: time.Hour},
			faulty.Fault{Operation: "Embed", Nth: 3, When: faulty.After, Hang: true},
		)
		e := s.Embedder(b)
		begun := time.Now()
		require.NoError(t, embed(t.Context(), e))
		require.Equal(t, time.Minute, time.Since(begun))

		for _, effects := range []int{1, 2} { // the delayed call, then the one that hangs behind its effect
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			begun = time.Now()
			require.ErrorIs(t, embed(ctx, e), context.DeadlineExceeded)
			require.Equal(t, time.Second, time.Since(begun))
			require.Len(t, b.effects, effects)
			cancel()
		}
	})
}

// A test has to be able to wait for a call and to act in its midst.
func TestDo(t *testing.T) {
	t.Parallel()
	b := &backend{}
	reached, proceed := make(chan faulty.Call), make(chan struct{})
	s := faulty.New(faulty.Fault{Nth: 2, Err: backends.ErrConflict, Do: func(_ context.Context, c faulty.Call) error {
		reached <- c
		<-proceed
		return nil
	}})
	e := s.Embedder(b)
	require.NoError(t, embed(t.Context(), e))
	ended := make(chan error, 1)
	go func() { ended <- embed(t.Context(), e) }()
	require.Equal(t, 2, (<-reached).Seq)
	require.Len(t, s.Calls(), 2, "a call is recorded when it begins")
	close(proceed)
	require.ErrorIs(t, <-ended, backends.ErrConflict)
}

func TestConcurrentCallsAreCountedOnce(t *testing.T) {
	t.Parallel()
	b := &backend{}
	s := faulty.New(faulty.Fault{Operation: "Embed", Nth: 50, Err: backends.ErrUnavailable})
	e := s.Embedder(b)
	errs := make(chan error, 100)
	for range 100 {
		go func() { errs <- embed(t.Context(), e) }()
	}
	failed := 0
	for range 100 {
		if err := <-errs; err != nil {
			require.ErrorIs(t, err, backends.ErrUnavailable)
			failed++
		}
	}
	require.Equal(t, 1, failed)
	require.Equal(t, 1, s.Struck())
	require.Len(t, b.effects, 99)
	require.Len(t, s.Calls(), 100)
}
