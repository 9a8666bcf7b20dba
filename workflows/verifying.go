package workflows

import (
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/activities/verify"
)

// maxRounds is how many verifications may find something new each time, of a job
// that an older worker began.
const maxRounds = 5

// changeSecondLook marks jobs that look at findings of a second verification alone.
const changeSecondLook = "second-look"

// verify looks at everything, and at a sample closely. On a moving store a
// finding counts when it is still there after another sync; so one that is new
// sends the job back to catching up.
func (r *run) verify(ctx workflow.Context) error {
	if err := r.awaitLateWrites(ctx); err != nil {
		return err
	}
	if len(r.Suspects) > 0 {
		return r.secondLook(ctx)
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
		return r.verified(ctx)
	case report.Wrong() == 0:
		return lowQuality(report)
	case before != nil && persists(*before, report):
		return fail(activities.CodeVerification, "found twice, with a sync between: %s", report.Summary())
	case r.Rounds > 1 && r.looksAgain(ctx):
		r.Suspects = suspects(report)
	case r.Rounds >= maxRounds:
		return fail(activities.CodeVerification, "%d verifications, and each found something: %s", r.Rounds, report.Summary())
	}
	return r.syncAgain(ctx)
}

// syncAgain sends a job with findings back to catching up, by a pass over
// everything: what the source tells explains none of them.
func (r *run) syncAgain(ctx workflow.Context) error {
	r.Dirty, r.CatchUps, r.InStep = -1, 0, false
	r.FullPass = r.Capture != nil
	return r.to(ctx, CatchingUp)
}

// verified goes on to the switch. Where the source tells what changed, that has to
// be synced first: a verification takes its time, and an application does not wait.
func (r *run) verified(ctx workflow.Context) error {
	if r.Capture != nil {
		r.Dirty, r.CatchUps, r.InStep = -1, 0, false
	}
	return r.to(ctx, Ready)
}

// looksAgain reports whether findings of a second verification, none of which the
// first one had, are looked at alone after the next sync. Over a store that always
// changes each verification finds others, and is none the worse for it.
func (r *run) looksAgain(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, changeSecondLook, workflow.DefaultVersion, 1) == 1
}

// suspects are what a second look looks at; none where all is to be verified once
// more. Where a report does not name all that it found, the others were right when
// the look before it came by, and have to be as few as catching up leaves, and of
// kinds that an application makes.
func suspects(v Verification) []verify.Finding {
	ofSamples := v.Counts[verify.Drift] + v.Counts[verify.Search] + v.Counts[verify.ANN]
	if ofSamples > 0 || int64(len(v.Findings)) < v.Wrong() && !onlyMoved(v) {
		return nil
	}
	return v.Findings
}

// onlyMoved reports whether a look found no more than what an application changes
// meanwhile.
func onlyMoved(v Verification) bool {
	var moving int64
	for _, kind := range []verify.Kind{verify.Missing, verify.Extra, verify.Stale, verify.Payload} {
		moving += v.Counts[kind]
	}
	return v.Wrong() == moving && moving <= dirtyBound(v.Items)
}

// secondLook looks at the suspects alone, after a sync. What is wrong with them in
// the same way, for the same text, is wrong; what the application changed
// meanwhile is the next sync's.
func (r *run) secondLook(ctx workflow.Context) error {
	var report Verification
	lctx := long(ctx, r.Job, SyncTaskQueue, "second look")
	in := activities.SecondLook{Job: r.lean(), Findings: r.Suspects}
	if err := workflow.ExecuteActivity(lctx, work.VerifyAgain, in).Get(ctx, &report); err != nil {
		return err
	}
	r.Suspects = nil
	if before := r.Status.Verification; before != nil {
		report.Items, report.Records, report.Quarantined = before.Items, before.Records, before.Quarantined
		report.Sampled, report.MinCosine, report.Searched = before.Sampled, before.MinCosine, before.Searched
		report.ANNRecall, report.Quality = before.ANNRecall, before.Quality
	}
	r.Status.Verification = &report
	switch {
	case report.Wrong() > 0:
		return fail(activities.CodeVerification, "found twice, with a sync between: %s", report.Summary())
	case !report.Clean():
		return lowQuality(report)
	}
	return r.verified(ctx)
}

func lowQuality(v Verification) error {
	return fail(activities.CodeVerification, "the target model misses the bounds of quality: %s",
		strings.Join(v.Quality.Failed, "; "))
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
	if r.impatient {
		sctx = limited(sctx, askAttempts)
	}
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
