package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// changeAnnounce marks jobs that announce their switch: one that an older worker
// switched told nobody.
const changeAnnounce = "announce"

// announce does behind the switch what the catalog asks for: it shows the new
// generation under the published name, and runs the post hook. The switch stands,
// whatever becomes of it; what fails is a warning.
func (r *run) announce(ctx workflow.Context, done activities.Switched) {
	if !r.Job.Publish && !r.Job.PostHook || workflow.GetVersion(ctx, changeAnnounce, workflow.DefaultVersion, 1) != 1 {
		return
	}
	if r.Job.Publish {
		actx := announcing(ctx, r.Job, "publish "+r.Job.Locator)
		err := workflow.ExecuteActivity(actx, work.Publish, r.Job.Namespace).Get(ctx, nil)
		r.warn(ctx, "the active generation could not be published", err)
	}
	// A job that re-embedded what is active has switched nothing.
	if r.Job.PostHook && done.Route.Version != r.Job.RouteVersion {
		in := activities.PostHookRequest{Job: r.lean(), Route: done.Route, Former: done.Former}
		err := workflow.ExecuteActivity(announcing(ctx, r.Job, "post hook"), work.PostHook, in).Get(ctx, nil)
		r.warn(ctx, "the post hook failed", err)
	}
}

// warn keeps what went wrong without failing the job.
func (r *run) warn(ctx workflow.Context, what string, err error) {
	if err == nil {
		return
	}
	workflow.GetLogger(ctx).Warn(what, "error", err)
	r.Status.Warnings = append(r.Status.Warnings, what+": "+messageOf(err))
}
