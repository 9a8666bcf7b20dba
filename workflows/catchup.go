package workflows

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

const (
	// maxCatchUps is how many passes of a job that an older worker began may find
	// too much before the job gives up.
	maxCatchUps = 10
	// slowCatchUps is how many passes may find too much before that is called
	// non-converging.
	slowCatchUps = 3
	// freshWithin is how short a pass over what changed has to be for catch-up to
	// keep up with writers of whom each pass finds more than the bound: what the
	// generation lacks then came in as short a time.
	freshWithin = 3 * time.Second
	// lastPause bounds the pause of a job that does not converge.
	lastPause = time.Minute
)

// changesLost is the warning of a job that could not rely on what the source tells.
const changesLost = "the source lost changes that it had to tell, so a pass over everything looked for them"

// changePatience marks jobs that go on while they don't converge.
const changePatience = "patient-catch-up"

// copyAll is the first pass. Where there was nothing it goes forward only: what
// lost its item meanwhile is found by the passes behind it.
func (r *run) copyAll(ctx workflow.Context) error {
	tasks := bothWays
	if r.Fresh {
		tasks = bothWays[:1]
	}
	r.PassBegan = workflow.Now(ctx)
	if err := r.syncPass(ctx, tasks); err != nil {
		return err
	}
	r.CatchUps, r.InStep, r.FullPass = 0, false, false
	return r.to(ctx, CatchingUp)
}

// catchUp runs passes until one finds so little that the next steps can begin.
// Where the application writes faster than that, it goes on, and shows it.
func (r *run) catchUp(ctx workflow.Context) error {
	if r.caughtUp() {
		return r.to(ctx, Indexing)
	}
	if r.CatchUps >= maxCatchUps && !r.patient(ctx) {
		return fail(activities.CodeNotConverging,
			"%d passes, and the last one still found %d items and records changed, more than %d", r.CatchUps, r.Dirty, r.bound())
	}
	return r.keepUp(ctx)
}

func (r *run) patient(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, changePatience, workflow.DefaultVersion, 1) == 1
}

// caughtUp reports whether the last pass leaves so little that a job may go on.
func (r *run) caughtUp() bool { return r.Dirty >= 0 && (r.Dirty <= r.bound() || r.InStep) }

// bound is how much a pass may find wrong and count as caught up.
func (r *run) bound() int64 {
	if r.Items > 0 {
		return dirtyBound(r.Items)
	}
	return dirtyBound(r.Status.Progress.ItemsTotal)
}

func dirtyBound(items int64) int64 { return max(10, items/1000) }

// keepUp runs the pass that is due, and sees how the writers and the sync keep
// pace. While they don't, it pauses before every second pass: the first one then
// finds what came in the pause, and the second shows whether catch-up follows.
func (r *run) keepUp(ctx workflow.Context) error {
	if r.Status.Progress.NonConverging != nil && r.CatchUps%2 == 0 && r.patient(ctx) {
		pause := min(max(leastPause, r.PassTook), lastPause)
		timer := workflow.NewTimerWithOptions(ctx, pause, workflow.TimerOptions{Summary: "the application writes faster than catch-up follows"})
		if err := timer.Get(ctx, nil); err != nil {
			return err
		}
	}
	r.CatchUps++
	found, began, before := r.Dirty, workflow.Now(ctx), r.PassBegan
	r.PassBegan = began
	tasks := r.tasksDue()
	err := r.syncPass(ctx, tasks)
	if codeOf(err) == activities.CodeChangesLost && r.Capture != nil {
		tasks = bothWays
		err = r.subscribeAnew(ctx, err)
	}
	if err != nil {
		return err
	}
	now := workflow.Now(ctx)
	r.PassTook, r.FullPass = elapsed(began, now), false
	r.InStep = r.CatchUps >= slowCatchUps && r.PassTook <= freshWithin && !slices.Contains(tasks, activities.SyncForward)
	r.pace(now, found, elapsed(before, began))
	r.details(ctx)
	return nil
}

// tasksDue is what a pass of catching up consists of: what the source tells as
// changed, what it can't tell, and everything where that has to be.
func (r *run) tasksDue() []Task {
	switch {
	case r.Capture == nil:
		return bothWays
	case r.FullPass:
		return slices.Insert(slices.Clone(bothWays), 0, activities.SyncChanged)
	case !r.Capture.Deletes:
		return []Task{activities.SyncChanged, activities.SyncBackward}
	}
	return []Task{activities.SyncChanged}
}

// subscribeAnew is for changes that are not known any more: new ones are told
// from now on, and a pass over everything finds the lost ones.
func (r *run) subscribeAnew(ctx workflow.Context, lost error) error {
	r.Status.LastError = messageOf(lost)
	told := func(w string) bool { return strings.HasPrefix(w, changesLost) }
	if s := &r.Status; !slices.ContainsFunc(s.Warnings, told) { // it may happen again and again
		s.Warnings = append(s.Warnings, changesLost+": "+messageOf(lost))
	}
	r.details(ctx)
	sctx := long(ctx, r.Job, TaskQueue, "subscribe to changes anew")
	var how *activities.Capturing
	if err := workflow.ExecuteActivity(sctx, work.Subscribe, r.lean()).Get(ctx, &how); err != nil {
		return err
	}
	r.Capture = how
	if err := r.syncPass(ctx, bothWays); err != nil {
		return err
	}
	r.Status.LastError = ""
	return nil
}

// unsubscribe ends the capture of a job that has ended. A soak behind it keeps
// the generation in step, and takes the consumer over.
func (r *run) unsubscribe(ctx workflow.Context) {
	soaks := r.Machine.Phase == Switched && r.Status.Soak != ""
	if r.Capture == nil || soaks {
		return
	}
	err := workflow.ExecuteActivity(closing(ctx, r.Job, "unsubscribe from changes"), work.Unsubscribe, r.lean()).Get(ctx, nil)
	if err != nil { // the store forgets what nobody asks for when it is too much
		workflow.GetLogger(ctx).Error("unsubscribe from changes", "error", err)
	}
}
