package workflows

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// interruptible returns the context in which the phases run. It ends with the
// workflow's own, by the cancel signal, and when the job's time is up; never
// once the switch has begun.
func (r *run) interruptible(ctx workflow.Context) workflow.Context {
	body, cancel := workflow.WithCancel(ctx)
	r.interrupt = cancel
	workflow.Go(ctx, r.listen)
	if r.Slot.Held {
		r.startClock(ctx)
	}
	return body
}

// listen takes signals as they come, also after a cancellation.
func (r *run) listen(ctx workflow.Context) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	for workflow.Await(ctx, func() bool { return r.cancels.Len()+r.grants.Len() > 0 }) == nil {
		r.receive()
	}
}

// receive handles the signals that are there.
func (r *run) receive() {
	for {
		var raw json.RawMessage
		var g activities.Grant
		switch {
		case r.cancels.ReceiveAsync(&raw):
			r.cancel(parseCancel(raw))
		case r.grants.ReceiveAsync(&g):
			if g.FirstRun == r.Job.Run && !slices.Contains(r.granted, g.Nonce) {
				r.granted = append(r.granted, g.Nonce)
			}
		default:
			return
		}
	}
}

func (r *run) cancel(c CancelRequest) {
	if r.cancelled == nil && !r.Machine.State.Final() {
		r.cancelled = &c
		r.stop()
	}
}

// stop ends the phase that runs. Not the switch: but a job that finds there that
// it lost its namespace, and so has not switched, stops then.
func (r *run) stop() {
	if (r.cancelled != nil || r.timedOut) && r.Machine.Cancellable() {
		r.interrupt()
	}
}

// maxReason bounds the reason of a cancellation: the status that it becomes part
// of has to fit into an activity's input.
const maxReason = 1000

// parseCancel takes the reason however it was written: whoever wants a job to
// stop is not sent back over the form of the why.
func parseCancel(raw json.RawMessage) CancelRequest {
	var c CancelRequest
	//workflowcheck:ignore decoding JSON into a plain struct
	if json.Unmarshal(raw, &c) != nil {
		c = CancelRequest{}
		//workflowcheck:ignore decoding JSON into a string
		if json.Unmarshal(raw, &c.Reason) != nil {
			return CancelRequest{}
		}
	}
	if len(c.Reason) > maxReason {
		c.Reason = strings.ToValidUTF8(c.Reason[:maxReason], "") + "..."
	}
	return c
}

// startClock lets the job's time run: from the grant of its slot on, over all runs.
func (r *run) startClock(ctx workflow.Context) {
	r.clockFrom = workflow.Now(ctx)
	if r.Job.Timeout <= 0 {
		return
	}
	ctx, r.endTimer = workflow.NewDisconnectedContext(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		timer := workflow.NewTimerWithOptions(ctx, max(0, r.Job.Timeout-r.Used), workflow.TimerOptions{Summary: "job timeout"})
		if timer.Get(ctx, nil) == nil {
			r.timedOut = true
			r.stop()
		}
	})
}

// stopClock adds this run's time to that of the former ones.
func (r *run) stopClock(ctx workflow.Context) {
	if !r.clockFrom.IsZero() {
		r.Used += elapsed(r.clockFrom, workflow.Now(ctx))
		r.clockFrom = time.Time{}
	}
}

// haltClock lets the job's time stand still until startClock.
func (r *run) haltClock(ctx workflow.Context) {
	r.stopClock(ctx)
	if r.endTimer != nil {
		r.endTimer()
		r.endTimer = nil
	}
}

// elapsed is the time between two looks at the server's clock, which may have
// been set back between them: a job must not win time by that.
func elapsed(from, to time.Time) time.Duration { return max(0, to.Sub(from)) }
