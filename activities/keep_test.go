package activities_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/memory"
)

// TestBothGenerationsAreKeptInStep guards a rollback that loses nothing, and a
// switch that nothing is lost behind, with each way to notice changes: first by a
// look at everything, then by what changed, with deletes among it.
func TestBothGenerationsAreKeptInStep(t *testing.T) {
	t.Parallel()
	for _, capture := range []memory.Capture{memory.CaptureJournal, memory.CaptureChangedAt, memory.CaptureNone} {
		t.Run(string(capture), func(t *testing.T) {
			t.Parallel()
			s := newSoaking(t, 100, memory.Table{Capture: capture})
			s.change(t, 0)
			active, standby := s.inStep(t, activities.Step{Full: true}, activities.Step{Full: true})
			require.True(t, active.InStep && standby.InStep)
			require.EqualValues(t, 100, active.Counts.Written, "the job of this test copied nothing")
			require.EqualValues(t, 2, standby.Counts.Written, "the former one lacks what changed")
			require.EqualValues(t, 1, standby.Counts.Deleted)
			s.mirrors(t, older)
			s.mirrors(t, newer)

			s.change(t, 1)
			before := len(s.faults.Calls())
			active, standby = s.inStep(t, active, standby)
			s.mirrors(t, older)
			s.mirrors(t, newer)
			for _, side := range []activities.Step{active, standby} {
				require.EqualValues(t, 2, side.Counts.Written)
				require.EqualValues(t, 1, side.Counts.Deleted)
			}
			if capture == memory.CaptureNone {
				return
			}
			for _, call := range s.faults.Calls()[before:] {
				require.NotEqual(t, "ReadPage", call.Operation, "what changed is told, and not looked for")
			}
		})
	}
}

// TestSoakOverLostChanges guards a soak that was away for too long: it finds what
// changed by a look at everything, and is told of changes again from then on.
func TestSoakOverLostChanges(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 50, memory.Table{MaxChanges: 3})
	active, standby := s.inStep(t, activities.Step{Full: true}, activities.Step{Full: true})
	for turn := range 5 {
		s.change(t, turn)
	}
	_, err := backendsCapture(t, s).Changes(t.Context(), s.plan.Standby.Locator, "", 1)
	require.ErrorIs(t, err, backends.ErrChangesLost)
	s.inStep(t, active, standby)
	s.mirrors(t, older)
	s.mirrors(t, newer)
	_, err = backendsCapture(t, s).Changes(t.Context(), s.plan.Standby.Locator, "", 1)
	require.NoError(t, err, "subscribed anew")
}

// TestPassIsMadeWhereTheSourceTellsChanges guards what a rollback's verification
// relies on: a record that was lost or left without a change is made right by a
// side that is told to look at everything, and by no other.
func TestPassIsMadeWhereTheSourceTellsChanges(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 50, memory.Table{MaxChanges: 1000})
	active, standby := s.inStep(t, activities.Step{Full: true}, activities.Step{Full: true})
	g := s.generation(older)
	page, err := g.ReadStamps(t.Context(), backends.Range{}, "", backends.PageLimit{Items: 1})
	require.NoError(t, err)
	lost := page.Items[0].ID
	require.NoError(t, g.Delete(t.Context(), []string{lost}))
	active, standby = s.inStep(t, active, standby)
	have, err := g.Stamps(t.Context(), []string{lost})
	require.NoError(t, err)
	require.Empty(t, have, "no change tells of it")
	standby.Full, standby.Task = true, activities.SyncForward
	_, standby = s.inStep(t, active, standby)
	require.False(t, standby.Full)
	s.mirrors(t, older)
}

func backendsCapture(t *testing.T, s *soaking) backends.Capture {
	t.Helper()
	c, ok := backends.As[backends.Capture](s.store.Table(memory.Table{Name: "docs", MaxChanges: s.table.MaxChanges}))
	require.True(t, ok)
	return c
}

// TestFormerModelIsGone guards the warning that a rollback would be stale: at once,
// by how many items, and no longer than it is so; the active one is kept in step
// all the while.
func TestFormerModelIsGone(t *testing.T) {
	t.Parallel()
	for _, capture := range []memory.Capture{memory.CaptureJournal, memory.CaptureNone} {
		t.Run(string(capture), func(t *testing.T) {
			t.Parallel()
			s := newSoaking(t, 50, memory.Table{Capture: capture})
			active, standby := s.inStep(t, activities.Step{Full: true}, activities.Step{Full: true})
			s.mute.Store(true)
			standby.NextCanary = 0 // the hour is over
			active, standby = s.inStep(t, active, standby)
			require.Equal(t, activities.CodeUnauthorized, standby.Code, "known before anything changed")
			require.Contains(t, standby.Error, "the provider is gone")
			require.Zero(t, standby.Pending)
			require.Positive(t, standby.RetryIn)

			s.change(t, 0)
			active, standby = s.inStep(t, active, standby)
			require.True(t, active.Healthy())
			require.EqualValues(t, 3, standby.Pending, "two items and a delete")
			require.Equal(t, 2, standby.Tries)
			s.mirrors(t, newer)

			s.mute.Store(false)
			_, standby = s.inStep(t, active, standby)
			require.True(t, standby.Healthy())
			require.Zero(t, standby.Pending)
			require.Zero(t, standby.Tries)
			s.mirrors(t, older)
		})
	}
}

// TestChangedCanariesAreAWarning guards against a provider that serves another
// model under the former one's name.
func TestChangedCanariesAreAWarning(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 20, memory.Table{})
	active, standby := s.inStep(t, activities.Step{Full: true}, activities.Step{Full: true})
	require.Empty(t, standby.Warning)
	s.strange.Store(true)
	active, standby = s.inStep(t, active, standby)
	require.Empty(t, standby.Warning, "compared once an hour")
	standby.NextCanary = 0
	_, standby = s.inStep(t, active, standby)
	require.Contains(t, standby.Warning, "canary")
	require.True(t, standby.Healthy())
}

// TestKeepInStepIsFenced guards a soak whose namespace went to another: it writes
// nothing more.
func TestKeepInStepIsFenced(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 20, memory.Table{})
	s.stolen()
	_, err := run[activities.StepResult](s.house, nil, s.acts.KeepInStep, s.sides(activities.Step{Full: true}, activities.Step{Full: true}))
	requireCode(t, err, activities.CodeLeaseLost)
	n, err := s.generation(newer).Count(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
}

// TestKeepInStepOnAStoppingWorker guards what is done behind the last sync, of
// which dropping a generation is one thing: a worker that stops in the midst of it
// does not say that all is there.
func TestKeepInStepOnAStoppingWorker(t *testing.T) {
	t.Parallel()
	s := newSoaking(t, 50, memory.Table{})
	active, standby := s.inStep(t, activities.Step{Full: true}, activities.Step{Full: true})
	s.change(t, 0)
	stop := make(chan struct{})
	close(stop)
	stopping := func(env *testsuite.TestActivityEnvironment) { env.SetWorkerStopChannel(stop) }
	ask := s.sides(active, standby)
	res, err := run[activities.StepResult](s.house, stopping, s.acts.KeepInStep, ask)
	for turn := 1; err == nil; turn++ { // it was quick enough
		s.mirrors(t, older)
		s.mirrors(t, newer)
		s.change(t, turn)
		res, err = run[activities.StepResult](s.house, stopping, s.acts.KeepInStep, s.sides(*res.Active, *res.Standby))
	}
	requireCode(t, err, activities.CodeUnavailable)

	ask.Once = false
	_, err = run[activities.StepResult](s.house, stopping, s.acts.KeepInStep, ask)
	require.NoError(t, err, "what has no end hands back")
}

// TestKeepInStepHandsBack guards a short history, and a status that is not old: one
// activity works until its time is over, and less where a side has news.
func TestKeepInStepHandsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSoaking(t, 20, memory.Table{})
		ask := func(active, standby activities.Step) (activities.StepResult, time.Duration) {
			r := s.sides(active, standby)
			r.Once, r.For = false, 9*time.Minute
			began := time.Now()
			res, err := run[activities.StepResult](s.house, nil, s.acts.KeepInStep, r)
			require.NoError(t, err)
			return res, time.Since(began)
		}
		res, took := ask(activities.Step{Full: true}, activities.Step{Full: true})
		require.Less(t, took, time.Minute, "the first time in step is news")
		for !res.Active.InStep || !res.Standby.InStep {
			res, took = ask(*res.Active, *res.Standby)
			require.Less(t, took, time.Minute)
		}
		s.later(t, 2*time.Minute, func() { s.change(t, 0) })
		res, took = ask(*res.Active, *res.Standby)
		require.InDelta(t, 9*time.Minute, took, float64(10*time.Second), "a change is none")
		require.EqualValues(t, 2, res.Standby.Counts.Written)
		require.Less(t, res.Standby.Behind, time.Minute)
		s.mirrors(t, older)

		s.later(t, 2*time.Minute, func() {
			s.mute.Store(true)
			s.change(t, 1)
		})
		res, took = ask(*res.Active, *res.Standby)
		require.InDelta(t, 2*time.Minute, took, float64(10*time.Second), "that a model is gone is news")
		require.False(t, res.Standby.Healthy())
		s.later(t, 4*time.Minute, func() { s.mute.Store(false) })
		res, took = ask(*res.Active, *res.Standby)
		require.True(t, res.Standby.Healthy())
		require.InDelta(t, 5*time.Minute, took, float64(2*time.Minute), "so is that it is back")
		s.mirrors(t, older)
	})
}

// TestKeepInStepIsCancelled guards the wait for a rollback: whoever asks for it
// gets how far both are.
func TestKeepInStepIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSoaking(t, 20, memory.Table{})
		r := s.sides(activities.Step{InStep: true, NextCanary: time.Hour}, activities.Step{InStep: true, NextCanary: time.Hour})
		r.Once = false
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-time.After(time.Minute)
			cancel(temporal.NewCanceledError())
		}()
		under := circumstances{under: func(old context.Context) context.Context {
			both, stop := context.WithCancelCause(old)
			context.AfterFunc(ctx, func() { stop(context.Cause(ctx)) })
			return both
		}}
		began := time.Now()
		_, err := run[activities.StepResult](s.house, func(env *testsuite.TestActivityEnvironment) { under.prepare(env) }, s.acts.KeepInStep, r)
		var cancelled *temporal.CanceledError
		require.ErrorAs(t, err, &cancelled)
		var res activities.StepResult
		require.NoError(t, cancelled.Details(&res))
		require.True(t, res.Standby.InStep)
		require.InDelta(t, time.Minute, time.Since(began), float64(5*time.Second))
	})
}
