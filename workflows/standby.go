package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

const (
	// leastPause and idleShare say how often a waiting job's shadow is brought up to
	// date: by a pass in ten times what the last one took.
	leastPause = 10 * time.Second
	idleShare  = 10
	// standbyRun is after how long a waiting job goes on in a new run: workers that
	// are upgraded meanwhile need not replay weeks.
	standbyRun = 24 * time.Hour
	// firstVetoPause and lastVetoPause bound the wait before the veto hook is asked
	// again; it doubles from one veto to the next.
	firstVetoPause = 30 * time.Second
	lastVetoPause  = 10 * time.Minute
	// changePassBehindWait marks jobs that make a pass behind each wait, also where
	// the last one is no older than it took.
	changePassBehindWait = "pass-behind-wait"
)

// heldBack is why a job that is ready does not go on.
type heldBack struct {
	reason string    // for people; "": it goes on
	until  time.Time // zero: until somebody says so
}

// heldBack says what the job waits for: for a person, for its window, or to ask
// the veto hook again.
func (r *run) heldBack(ctx workflow.Context) (heldBack, error) {
	if r.Job.Cutover == activities.CutoverManual && r.Status.Cutover == nil {
		return heldBack{reason: "waits until somebody says that it may switch: reembed cutover " + shellWord(r.Job.ID)}, nil
	}
	now := workflow.Now(ctx)
	if err := r.lookAtWindow(ctx); err != nil {
		return heldBack{}, err
	}
	if opens := r.Standby.Opening.Opens; opens.After(now) {
		return heldBack{
			reason: fmt.Sprintf("waits until its window %s opens, at %s", r.Job.CutoverWindow, opens.Format(time.RFC3339)),
			until:  opens,
		}, nil
	}
	if at := r.Standby.AskAt; at.After(now) {
		return heldBack{reason: fmt.Sprintf("%s; asks again at %s", r.Standby.Veto, at.Format(time.RFC3339)), until: at}, nil
	}
	return heldBack{}, nil
}

// lookAtWindow finds out about the next opening when the last one is over.
func (r *run) lookAtWindow(ctx workflow.Context) error {
	if r.Job.CutoverWindow == "" || !r.windowClosed(ctx) {
		return nil
	}
	in := activities.WindowRequest{Window: r.Job.CutoverWindow, At: workflow.Now(ctx)}
	actx := short(ctx, r.Job, "next opening of the window "+r.Job.CutoverWindow)
	return workflow.ExecuteActivity(actx, work.NextOpening, in).Get(ctx, &r.Standby.Opening)
}

// windowClosed reports whether the job has a window of which no opening is known
// that is not over.
func (r *run) windowClosed(ctx workflow.Context) bool {
	return r.Job.CutoverWindow != "" && !r.Standby.Opening.Closes.After(workflow.Now(ctx))
}

// standBy waits without a slot, and with the clock standing still, until what it
// waits for may be there, and keeps the shadow fresh meanwhile.
func (r *run) standBy(ctx workflow.Context, why heldBack) error {
	r.park(ctx)
	r.Standby.Stood = true
	r.Status.Reason = why.reason
	r.details(ctx)
	now := workflow.Now(ctx)
	due := r.passDue()
	if !due.After(now) {
		return r.freshen(ctx)
	}
	until := due
	if !why.until.IsZero() && why.until.Before(until) {
		until = why.until
	}
	wait := min(until.Sub(now), standbyRun)
	said := r.Status.Cutover
	_, err := workflow.AwaitWithTimeout(ctx, wait, func() bool { return r.Status.Cutover != said || r.hasSlot() })
	return err
}

// passDue is when the shadow has to be brought up to date again.
func (r *run) passDue() time.Time {
	return r.Standby.SyncedAt.Add(max(leastPause, idleShare*r.Standby.PassTook))
}

// freshen brings the shadow up to date.
func (r *run) freshen(ctx workflow.Context) error {
	began := workflow.Now(ctx)
	if err := r.keepUp(ctx); err != nil {
		return err
	}
	now := workflow.Now(ctx)
	r.Standby.SyncedAt, r.Standby.PassTook, r.Standby.Stood = now, elapsed(began, now), false
	return nil
}

// behind reports whether the shadow may lack more than a switch should find: the
// last pass, or the verification behind it, found too much, or the job has waited:
// whoever says that it may switch means all that was written until then. Of what
// changed a pass is worth its cost in any case.
func (r *run) behind(ctx workflow.Context) bool {
	// Before the first pass of this phase, where none is due by itself, that is what
	// catching up found; of how many items, the verification may have been told otherwise.
	first := r.Capture == nil && r.Standby.SyncedAt.IsZero()
	if !first && !r.caughtUp() {
		return true
	}
	if r.Capture != nil {
		return r.Standby.Stood || elapsed(r.PassBegan, workflow.Now(ctx)) >= leastPause
	}
	if !r.Standby.Stood {
		return false
	}
	return elapsed(r.Standby.SyncedAt, workflow.Now(ctx)) >= r.Standby.PassTook ||
		workflow.GetVersion(ctx, changePassBehindWait, workflow.DefaultVersion, 1) == 1
}

// outdated reports whether the verification says too little of what readers will
// find: it is too old, or a write of a lost worker may have landed behind it.
func (r *run) outdated(ctx workflow.Context) bool {
	at := r.Standby.VerifiedAt
	if at.IsZero() { // by a worker that did not take note of it
		return false
	}
	age := elapsed(at, workflow.Now(ctx))
	return r.Job.MaxVerifyAge > 0 && age > r.Job.MaxVerifyAge || r.LateUntil.After(at)
}

// askAgain takes a slot again, or asks for it on.
func (r *run) askAgain(ctx workflow.Context) error {
	r.Standby.Asked, r.Standby.Stood = true, true
	if err := r.askForSlot(ctx); err != nil {
		return err
	}
	if r.Slot.Held {
		r.Standby.Asked = false
		return nil
	}
	if !r.passDue().After(workflow.Now(ctx)) {
		return r.freshen(ctx)
	}
	return nil
}

// vetoed has a job wait that may not switch yet; other errors it returns.
func (r *run) vetoed(ctx workflow.Context, err error) error {
	if codeOf(err) != activities.CodeVetoed {
		return err
	}
	s := &r.Standby
	pause := min(firstVetoPause<<min(s.Vetoes, 10), lastVetoPause)
	s.Vetoes++
	s.Veto, s.AskAt = messageOf(err), workflow.Now(ctx).Add(pause)
	return nil
}

// stoodForLong reports whether a waiting job should go on in a new run.
func (r *run) stoodForLong(ctx workflow.Context) bool {
	if r.Machine.Phase != Ready || r.Slot.Held {
		return false
	}
	return elapsed(workflow.GetInfo(ctx).WorkflowStartTime, workflow.Now(ctx)) >= standbyRun
}
