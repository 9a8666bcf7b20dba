package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// holding is a watch over a job: one that holds a slot, or is parked.
type holding struct {
	activities.SlotRequest
	ended bool // another watch speaks for the job
	stop  workflow.CancelFunc
}

// watches reports whether a job is watched.
func (g *gate) watches(r activities.SlotRequest) bool {
	return slices.ContainsFunc(g.holdings, func(h *holding) bool { return h.Job == r.Job && h.FirstRun == r.FirstRun })
}

// hold watches a job until it is over, and tells it of its slot unless it knows.
// The watch is begun first: a job that closes at once is not missed.
func (g *gate) hold(ctx workflow.Context, r activities.SlotRequest) {
	for _, h := range g.holdings {
		if h.Job == r.Job && h.FirstRun == r.FirstRun {
			h.ended = true
			h.stop()
		}
	}
	watch, stop := workflow.WithCancel(watching(ctx))
	h := &holding{SlotRequest: r, stop: stop}
	g.holdings = append(g.holdings, h)
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer stop()
		defer func() { g.holdings = slices.DeleteFunc(g.holdings, func(o *holding) bool { return o == h }) }()
		over := workflow.ExecuteActivity(watch, work.WatchJob, h.SlotRequest)
		if !r.Granted && !r.Parked {
			if err := g.tell(ctx, r); err != nil { // it is gone, or asks again later
				workflow.GetLogger(ctx).Info("a slot's job was not reached", "job", r.Job, "error", err)
				if !h.ended {
					g.free(r)
				}
				return
			}
		}
		for {
			var saw activities.Watched
			err := over.Get(ctx, &saw)
			switch {
			case h.ended || ctx.Err() != nil:
				return
			case err != nil:
				workflow.GetLogger(ctx).Error("watch a slot's job", "job", r.Job, "error", err)
				if workflow.Sleep(ctx, watchPause) != nil {
					return
				}
			case saw.Slot == nil:
				g.free(r)
				return
			default:
				g.correct(h, *saw.Slot)
			}
			over = workflow.ExecuteActivity(watch, work.WatchJob, h.SlotRequest)
		}
	})
}

// correct takes the word of a job's memo for whether it holds a slot.
func (g *gate) correct(h *holding, memo activities.SlotMemo) {
	if h.Parked = memo.State == activities.SlotParked; h.Parked {
		g.gateQueue.park(h.SlotRequest)
	} else {
		h.SlotRequest = memo.Request
		g.gateQueue.acquire(memo.Request)
	}
	g.released++ // somebody's turn may have come
}

// tell signals the job's current run that it holds a slot.
func (g *gate) tell(ctx workflow.Context, r activities.SlotRequest) error {
	grant := activities.Grant{FirstRun: r.FirstRun, Nonce: r.Nonce}
	err := workflow.SignalExternalWorkflow(ctx, r.Job, "", activities.SignalSlotGranted, grant).Get(ctx, nil)
	if err == nil {
		g.delivered(r)
	}
	return err
}

// free forgets a job that is over.
func (g *gate) free(r activities.SlotRequest) {
	g.over(r)
	g.released++
}
