package sweep

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/intercept"
	"github.com/reembed/reembed/workflows"
)

// blow is one fault of one call of a life.
type blow struct {
	end  string
	call callID
	when faulty.When
	ailment
}

// String is what runs the life alone.
func (b blow) String() string {
	return fmt.Sprintf("-life %s -call %s -when %s -with %s", b.end, b.call, sides[b.when], b.name)
}

// once is the name of a KeepInStep that brings in step and returns: the soak's
// own goes on for a quarter of an hour.
const once = "KeepInStepOnce"

// lifeOf finds the life that a workflow is of: its job, its soak, or a range of these.
func (a *answers) lifeOf(workflow string) *life {
	name, soaks := strings.CutPrefix(workflow, workflows.SoakID(""))
	name, _, _ = strings.Cut(name, "/")
	if !soaks {
		name = strings.TrimPrefix(name, "reembed-")
		if at := strings.LastIndexByte(name, '-'); at >= 0 {
			name = name[:at]
		}
	}
	l, ok := a.byName[name]
	if !ok {
		return nil
	}
	return l.life.Load()
}

// part names an activity where it is one of the soak, or arms it; else "".
func part(ctx context.Context, in *interceptor.ExecuteActivityInput) string {
	info := activity.GetInfo(ctx)
	name := info.ActivityType.Name
	if !strings.HasPrefix(info.WorkflowExecution.ID, workflows.SoakID("")) && name != "ArmSoak" {
		return ""
	}
	for _, arg := range in.Args {
		if r, ok := arg.(activities.StepRequest); ok && r.Once {
			return once
		}
	}
	return name
}

// partKey is the context's key of the part that a call belongs to.
type partKey struct{}

// execute is around each activity of the life: those of the soak fail as the
// calls do that they make.
func (l *life) execute(ctx context.Context, in *interceptor.ExecuteActivityInput, next interceptor.ActivityInboundInterceptor) (any, error) {
	name := part(ctx, in)
	switch name {
	case "":
		return next.ExecuteActivity(ctx, in)
	case "KeepInStep":
		l.move(ctx, 0)
	case "Switch":
		l.move(ctx, 3)
	}
	id := l.reach(roleActivity, name)
	if err := l.suffer(ctx, name, id, faulty.Before); err != nil {
		return nil, err
	}
	out, err := next.ExecuteActivity(context.WithValue(ctx, partKey{}, name), in)
	if err == nil {
		err = l.suffer(ctx, name, id, faulty.After)
	}
	return out, err
}

// meet is around each call of a backend.
func (l *life) meet(ctx context.Context, c intercept.Call, next func(context.Context) (int, error)) error {
	name, ok := ctx.Value(partKey{}).(string)
	if !ok {
		return l.watch(ctx, c, next)
	}
	id := l.reach(name+":"+c.Role, c.Operation)
	if err := l.suffer(ctx, name, id, faulty.Before); err != nil {
		return err
	}
	if err := l.watch(ctx, c, next); err != nil {
		l.mu.Lock()
		l.failed[id] = true
		l.mu.Unlock()
		return err
	}
	return l.suffer(ctx, name, id, faulty.After)
}

// watch has the judge look after each call that changes something.
func (l *life) watch(ctx context.Context, c intercept.Call, next func(context.Context) (int, error)) error {
	_, err := next(ctx)
	if changes(c.Operation) {
		l.see(l.judge.now(context.WithoutCancel(ctx)), "after "+c.Role+"."+c.Operation)
	}
	return err
}

// reach numbers a call among those of its part of the soak.
func (l *life) reach(role, operation string) callID {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := callID{role: role, operation: operation}
	l.reached[id.operationName()]++
	id.nth = l.reached[id.operationName()]
	l.calls = append(l.calls, id)
	return id
}

// suffer is what befalls a call on one side of its effect.
func (l *life) suffer(ctx context.Context, name string, id callID, when faulty.When) error {
	if l.blow == nil || l.when != when || !l.call.same(id) {
		return nil
	}
	l.see(l.judge.now(context.WithoutCancel(ctx)), "at the fault")
	l.where.Store(name)
	close(l.struck)
	return l.err
}

// told are the calls, in order, each with whether it failed by itself.
func (l *life) told() []callID {
	calls := slices.Clone(l.calls)
	for i, c := range calls {
		calls[i].fails = l.failed[c]
	}
	slices.SortFunc(calls, callID.compare)
	return calls
}
