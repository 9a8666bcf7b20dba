package workflows

import (
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
)

// maxRounds is how many verifications may find something new each time.
const maxRounds = 5

// verify looks at everything, and at a sample closely. On a moving store a
// finding counts when it is still there after another sync; so one that is new
// sends the job back to catching up.
func (r *run) verify(ctx workflow.Context) error {
	if err := r.awaitLateWrites(ctx); err != nil {
		return err
	}
	report, err := r.verification(ctx)
	if err != nil {
		return err
	}
	before := r.Status.Verification
	if r.Rounds == 0 {
		before = nil
	}
	r.Rounds++
	r.Status.Verification = &report
	r.Standby.VerifiedAt = workflow.Now(ctx)
	switch {
	case report.Clean():
		return r.to(ctx, Ready)
	case report.Wrong() == 0:
		return fail(activities.CodeVerification, "the target model misses the bounds of quality: %s",
			strings.Join(report.Quality.Failed, "; "))
	case before != nil && persists(*before, report):
		return fail(activities.CodeVerification, "found twice, with a sync between: %s", report.Summary())
	case before != nil && r.onlyMoved(ctx, report):
		r.Dirty = -1 // a pass for what came meanwhile, before the switch
		return r.to(ctx, Ready)
	case r.Rounds >= maxRounds:
		return fail(activities.CodeVerification, "%d verifications, and each found something: %s", r.Rounds, report.Summary())
	}
	r.Dirty, r.CatchUps = -1, 0
	return r.to(ctx, CatchingUp)
}

// changeMoving marks jobs that a busy application does not hold up.
const changeMoving = "moving-source"

// onlyMoved reports whether a look that has nothing of the one before found no
// more than what an application changes meanwhile: what it found was right, or
// was not there, when the first look came by. Waiting for a look that finds
// nothing would be waiting for an application that rests.
func (r *run) onlyMoved(ctx workflow.Context, report Verification) bool {
	var moving int64
	for _, kind := range []verify.Kind{verify.Missing, verify.Extra, verify.Stale, verify.Payload} {
		moving += report.Counts[kind]
	}
	return report.Wrong() == moving && moving <= dirtyBound(report.Items) && (report.Quality == nil || len(report.Quality.Failed) == 0) &&
		workflow.GetVersion(ctx, changeMoving, workflow.DefaultVersion, 1) == 1
}

// verification is one look at everything.
func (r *run) verification(ctx workflow.Context) (Verification, error) {
	all, err := r.pass(ctx, []Task{activities.VerifyForward, activities.VerifyBackward})
	if err != nil {
		return Verification{}, err
	}
	if all.Report == nil {
		return Verification{}, internal(errNoReport)
	}
	var report Verification
	sctx := long(ctx, r.Job, SyncTaskQueue, "verify samples")
	if err := workflow.ExecuteActivity(sctx, work.VerifySamples, r.lean()).Get(ctx, &report); err != nil {
		return Verification{}, err
	}
	report.Merge(*all.Report)
	return report, nil
}

// persists reports whether two looks, with a sync between, found the same thing
// wrong. A sample is another one each time, so for what samples find it is the
// kind that counts.
func persists(before, after Verification) bool {
	if len(verify.Both(before, after)) > 0 {
		return true
	}
	for _, kind := range []verify.Kind{verify.Drift, verify.Search, verify.ANN} {
		if before.Counts[kind] > 0 && after.Counts[kind] > 0 {
			return true
		}
	}
	return false
}
