package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// later is the end of the wait for late writes, once one is known of that may
// land for so long.
func later(until, now time.Time, late time.Duration) time.Time {
	if end := now.Add(late); late > 0 && end.After(until) {
		return end
	}
	return until
}

// awaitLateWrites waits until every write has landed, or never will, of attempts
// that were given up on: they run on beside those that follow them, and may bring
// back what a sync has mended. Only then verification says what readers will find.
func (r *run) awaitLateWrites(ctx workflow.Context) error {
	left := r.LateUntil.Sub(workflow.Now(ctx))
	if left <= 0 {
		return nil
	}
	r.Status.Reason = "waits until no write of a lost worker can land any more"
	r.details(ctx)
	timer := workflow.NewTimerWithOptions(ctx, left, workflow.TimerOptions{Summary: "late writes"})
	if err := timer.Get(ctx, nil); err != nil {
		return err
	}
	r.Status.Reason = ""
	r.details(ctx)
	return nil
}
