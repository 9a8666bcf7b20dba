package sweep

import (
	"context"
	"strings"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/reembed/reembed/backends/faulty"
)

// roleActivity is beside the roles of the backends: what a job asks of Temporal
// fails too, be it that a worker dies before it does it, or that its answer is lost.
const roleActivity = "activity"

// answers is around every activity of the fleet's jobs.
type answers struct {
	interceptor.WorkerInterceptorBase
	byName map[string]*lane
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (a *answers) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &answering{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, answers: a}
}

type answering struct {
	interceptor.ActivityInboundInterceptorBase
	*answers
}

func (a *answering) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	if l := a.lifeOf(info.WorkflowExecution.ID); l != nil {
		return l.execute(ctx, in, a.Next)
	}
	t := a.trialOf(info.WorkflowExecution.ID)
	if t == nil {
		return a.Next.ExecuteActivity(ctx, in)
	}
	id := t.ask(info.ActivityType.Name)
	if t.hits(id, faulty.Before) {
		if err := t.befall(ctx); err != nil {
			return nil, err
		}
	}
	out, err := a.Next.ExecuteActivity(ctx, in)
	if err == nil && t.hits(id, faulty.After) {
		err = t.befall(ctx)
	}
	return out, err
}

// trialOf finds the trial whose first job the workflow is, or belongs to; nil
// for the gate.
func (a *answers) trialOf(workflow string) *trial {
	id, _, _ := strings.Cut(workflow, "/")
	lane, ok := strings.CutPrefix(id, "reembed-")
	if !ok || strings.LastIndexByte(lane, '-') < 0 {
		return nil
	}
	l, ok := a.byName[lane[:strings.LastIndexByte(lane, '-')]]
	if !ok {
		return nil
	}
	t := l.trial.Load()
	if t == nil || t.calm.Load() {
		return nil
	}
	return t
}

// ask numbers an activity, each attempt by itself.
func (t *trial) ask(name string) callID {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := callID{role: roleActivity, operation: name}
	t.reached[id.operationName()]++
	id.nth = t.reached[id.operationName()]
	t.asked = append(t.asked, id)
	return id
}

func (t *trial) hits(id callID, when faulty.When) bool {
	return t.strike != nil && t.call.same(id) && t.when == when
}
