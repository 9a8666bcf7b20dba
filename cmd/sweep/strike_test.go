package sweep

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/intercept"
)

// ailment is what befalls a call.
type ailment struct {
	name string
	err  error // that the call returns; nil: its own
	// mends: a job that meets it goes on, and completes.
	mends bool
	// hangs: the call does so until its context ends.
	hangs bool
}

// ailments by their names, which are arguments of the test.
var ailments = map[string]ailment{
	"unavailable":  {name: "unavailable", err: backends.ErrUnavailable, mends: true},
	"unauthorized": {name: "unauthorized", err: backends.ErrUnauthorized},
	"conflict":     {name: "conflict", err: backends.ErrConflict},
	"unknown":      {name: "unknown", err: errors.New("an error that no driver should return"), mends: true},
	"hang":         {name: "hang", hangs: true},
	"cancel":       {name: "cancel"},    // the job, while the call goes on
	"terminate":    {name: "terminate"}, // likewise; nobody tells its activities
}

// strike is one fault of one call.
type strike struct {
	store string
	call  callID
	when  faulty.When
	ailment
	// cancels: the job is cancelled when the call hangs. Else it is only where the
	// call would go on hanging for long.
	cancels bool
}

// sides by their names, which are arguments of the test.
var sides = map[faulty.When]string{faulty.Before: "before", faulty.After: "after"}

// String is what runs the trial alone.
func (s strike) String() string {
	return fmt.Sprintf("-store %s -call %s -when %s -with %s -cancels=%t", s.store, s.call, sides[s.when], s.name, s.cancels)
}

// longest is how long a call may hang before its job is cancelled in any case.
const longest = time.Minute

// moving lets the application change items once, when the job first reads what
// the generation holds.
func (t *trial) moving() faulty.Fault {
	return faulty.Fault{Role: intercept.RoleGeneration, Operation: "ReadStamps", Do: func(ctx context.Context, _ faulty.Call) (err error) {
		t.moves.Do(func() { err = t.place.move(ctx) })
		return err
	}}
}

// fault is the strike as the script does it.
func (t *trial) fault() faulty.Fault {
	return faulty.Fault{
		Role: t.call.role, Operation: t.call.operation, Nth: t.call.nth, When: t.when,
		Do: func(ctx context.Context, _ faulty.Call) error { return t.befall(ctx) },
	}
}

// befall is what befalls the call.
func (t *trial) befall(ctx context.Context) error {
	info := activity.GetInfo(ctx)
	t.where.Store(info.ActivityType.Name)
	t.see(t.judge.now(context.WithoutCancel(ctx)), "at the fault")
	t.cut = t.name == "cancel" || t.hangs && (t.cancels || time.Until(info.Deadline) > longest)
	if t.name == "terminate" {
		job, _, _ := strings.Cut(info.WorkflowExecution.ID, "/")
		t.see(t.fleet.temporal.TerminateWorkflow(context.WithoutCancel(ctx), job, "", "swept"), "terminate the job")
	}
	close(t.struck)
	if !t.hangs {
		return t.err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.over:
		return backends.ErrUnavailable
	}
}
