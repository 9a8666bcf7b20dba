package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// watchPause is waited before a watch that failed for good is begun anew.
const watchPause = 10 * time.Second

// GateWorkflow hands out slots to the jobs of the whole fleet, by priority and
// then by arrival. It never returns by itself: it continues as new.
//
// A gate that knows nothing first lists the running jobs, so that one that was
// terminated does not hand out slots which are still held. A slot is free again
// when its job is seen closed, whatever closed it.
func GateWorkflow(ctx workflow.Context, state GateState) error {
	g := &gate{
		gateQueue: newGateQueue(state),
		acquire:   workflow.GetSignalChannel(ctx, activities.SignalGateAcquire),
		withdraw:  workflow.GetSignalChannel(ctx, activities.SignalGateWithdraw),
		park:      workflow.GetSignalChannel(ctx, activities.SignalGatePark),
		limit:     workflow.GetSignalChannel(ctx, activities.SignalGateLimit),
	}
	err := workflow.SetQueryHandler(ctx, QueryGate, func() (GateState, error) { return g.GateState, nil })
	if err != nil {
		return fmt.Errorf("set query handler: %w", err)
	}
	if !g.Warm {
		var found GateState
		if err := workflow.ExecuteActivity(recovering(ctx), work.RecoverGate).Get(ctx, &found); err != nil {
			return fmt.Errorf("recover gate: %w", err)
		}
		g.recovered(found)
	}
	for _, h := range g.Holders {
		g.hold(ctx, h)
	}
	for {
		g.receive(ctx)
		for _, p := range g.Parked {
			if !g.watches(p) {
				g.hold(ctx, p)
			}
		}
		for _, r := range g.next() {
			g.hold(ctx, r)
		}
		workflow.SetCurrentDetails(ctx, g.markdown())
		if g.full(ctx) {
			g.Runs++
			return workflow.NewContinueAsNewError(ctx, GateWorkflowName, g.GateState)
		}
		seen := g.released
		err := workflow.Await(ctx, func() bool { return g.pending() > 0 || g.released != seen })
		if err != nil {
			return err
		}
	}
}

// gate is the queue with its ears and hands.
type gate struct {
	*gateQueue
	acquire, withdraw, park, limit workflow.ReceiveChannel
	handled, released              int // in this run
	holdings                       []*holding
}

func (g *gate) pending() int {
	return g.acquire.Len() + g.withdraw.Len() + g.park.Len() + g.limit.Len()
}

// full reports whether it is time to continue as new. Grants that are not known
// to have arrived are sent again by the next run, so that nothing depends on
// which of this run's coroutines came to their turn.
func (g *gate) full(ctx workflow.Context) bool {
	enough := g.handled+g.released >= g.ContinueAfter || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
	return enough && g.pending() == 0
}

// receive takes all signals that are there. A withdrawal is looked at before a
// request, and a parking before both: a job that asks again has another nonce, and
// waits in between until its signal is there.
func (g *gate) receive(ctx workflow.Context) {
	for {
		var gone, parked, r activities.SlotRequest
		var limit *int // nil after a signal without a value, in whatever way it has none
		switch {
		case g.limit.ReceiveAsync(&limit):
			if limit != nil {
				g.resize(*limit)
			}
		case g.withdraw.ReceiveAsync(&gone):
			g.gateQueue.withdraw(gone)
		case g.park.ReceiveAsync(&parked):
			g.gateQueue.park(parked)
		case g.acquire.ReceiveAsync(&r):
			switch g.gateQueue.acquire(r) {
			case again:
				workflow.Go(ctx, func(ctx workflow.Context) {
					if err := g.tell(ctx, r); err != nil {
						workflow.GetLogger(ctx).Info("a holder was not told again", "job", r.Job, "error", err)
					}
				})
			case honoured:
				g.hold(ctx, r)
			}
		default:
			return
		}
		g.handled++
	}
}

func (g *gate) markdown() string {
	out := fmt.Sprintf("**%d** of %d slots held, **%d** jobs waiting\n", len(g.Holders), g.Limit, len(g.Waiting))
	for _, h := range g.Holders[:min(len(g.Holders), 20)] {
		out += "- holds: `" + h.Job + "`\n"
	}
	for _, w := range g.Waiting[:min(len(g.Waiting), 20)] {
		out += "- waits: `" + w.Job + "`\n"
	}
	for _, p := range g.Parked[:min(len(g.Parked), 20)] {
		out += "- is parked: `" + p.Job + "`\n"
	}
	return out
}
