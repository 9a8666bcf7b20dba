package starter

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/workflows"
)

// StartOptions beside a request.
type StartOptions struct {
	// ID is the job's workflow id, for a start that may be repeated without
	// starting a second job; empty: a new one, made by workflows.JobID.
	ID string
}

// Start starts a job and returns at once. The request is read strictly by the
// job's first activity, against the worker's catalog; here only what makes no
// sense at all is refused.
//
// Errors: ErrInvalid; ErrExists when there is or was a job of the same id;
// ErrUnreachable, ErrDenied.
func (c *Client) Start(ctx context.Context, r workflows.Request, o StartOptions) (Handle, error) {
	switch {
	case r.Namespace == "":
		return Handle{}, fmt.Errorf("%w: the request names no namespace", ErrInvalid)
	case r.To == "":
		return Handle{}, fmt.Errorf("%w: the request names no target model", ErrInvalid)
	case o.ID != "" && checkID(o.ID) != nil:
		return Handle{}, checkID(o.ID)
	case len(o.ID) > workflows.MaxJobID:
		return Handle{}, fmt.Errorf("%w: job id of %d bytes: at most %d", ErrInvalid, len(o.ID), workflows.MaxJobID)
	}
	r.Priority = upper(r.Priority)
	if r.Priority != "" && r.Priority.Key() == 0 {
		return Handle{}, fmt.Errorf("%w: priority %q is none of LOW, MEDIUM, HIGH, CRITICAL", ErrInvalid, r.Priority)
	}
	opts := startOptions(r, o)
	cctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	run, err := c.temporal.ExecuteWorkflow(cctx, opts, workflows.ReembedWorkflowName, r)
	if err = classify(ctx, err); errors.Is(err, ErrExists) {
		return Handle{}, fmt.Errorf("start job %s: %w: choose another id, or none", opts.ID, err)
	}
	if err != nil {
		return Handle{}, fmt.Errorf("start job %s: %w", opts.ID, err)
	}
	return Handle{ID: run.GetID(), Run: run.GetRunID()}, nil
}

func startOptions(r workflows.Request, o StartOptions) client.StartWorkflowOptions {
	what := r.Namespace + ": to " + r.To
	if r.From != "" {
		what = r.Namespace + ": " + r.From + " to " + r.To
	}
	if r.DryRun {
		what = "Plan " + what
	}
	return client.StartWorkflowOptions{
		ID:                                       cmp.Or(o.ID, workflows.JobID(r.Namespace, unique())),
		TaskQueue:                                workflows.TaskQueue,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		Memo: map[string]any{workflows.MemoJob: workflows.JobMemo{
			Namespace: r.Namespace, From: r.From, To: r.To, Priority: cmp.Or(string(r.Priority), "MEDIUM"),
			State: workflows.Pending, Phase: workflows.Queued, DryRun: r.DryRun,
		}},
		StaticSummary: what,
		Priority:      temporal.Priority{PriorityKey: r.Priority.Key()},
	}
}

// checkID refuses ids that no job can have: Temporal's client sends them as a
// header, and would complain of that.
func checkID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: the job id is empty", ErrInvalid)
	case strings.ContainsFunc(id, func(c rune) bool { return c < ' ' || c > '~' }):
		return fmt.Errorf("%w: job id %q: only printable ASCII characters can be sent", ErrInvalid, id)
	}
	return nil
}

// unique keeps apart the jobs of one namespace: 40 random bits, and the server
// refuses an id that was there before.
func unique() string { return strings.ToLower(rand.Text()[:8]) }

// upper spares this package the name of the priority's type.
func upper[T ~string](s T) T { return T(strings.ToUpper(string(s))) }
