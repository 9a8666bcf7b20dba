package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// maxCatchUps is how many passes may find too much before the job gives up.
const maxCatchUps = 10

// copyAll is the first pass. Where there was nothing it goes forward only: what
// lost its item meanwhile is found by the passes behind it.
func (r *run) copyAll(ctx workflow.Context) error {
	tasks := bothWays
	if r.Fresh {
		tasks = bothWays[:1]
	}
	if err := r.syncPass(ctx, tasks); err != nil {
		return err
	}
	r.CatchUps = 0
	return r.to(ctx, CatchingUp)
}

// catchUp runs passes until one finds so little that the next steps can begin.
func (r *run) catchUp(ctx workflow.Context) error {
	if bound := dirtyBound(r.Status.Progress.ItemsTotal); r.Dirty < 0 || r.Dirty > bound {
		if r.CatchUps >= maxCatchUps {
			return fail(activities.CodeNotConverging,
				"%d passes, and the last one still found %d items and records changed, more than %d", r.CatchUps, r.Dirty, bound)
		}
		r.CatchUps++
		return r.syncPass(ctx, bothWays)
	}
	return r.to(ctx, Indexing)
}

// dirtyBound is how much a pass may find wrong and count as caught up.
func dirtyBound(items int64) int64 { return max(10, items/1000) }
