package starter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/reembed/reembed/workflows"
)

// RefusedError is an [ErrRefused] of a soak, in its words: its phase does not allow
// what is asked for, or that would lose something. The soak goes on as before.
type RefusedError struct {
	Code    string // one of the codes of package activities
	Message string
}

func (e *RefusedError) Error() string { return e.Code + ": " + e.Message }

// codeInvalid is the code of what can't be right, whatever the soak's phase.
const codeInvalid = "INVALID_REQUEST"

// Unwrap makes errors.Is true of ErrRefused, or of ErrInvalid where the request
// itself can't be right.
func (e *RefusedError) Unwrap() error {
	if e.Code == codeInvalid {
		return ErrInvalid
	}
	return ErrRefused
}

// Soak returns what is known of a namespace's latest soak: of one that goes on
// with what its keepers are at, of one that is over its result. Errors: ErrInvalid (the namespace), ErrNotFound where there was none
// or Temporal has forgotten it, ErrNoWorker, ErrUnreachable, ErrDenied.
func (c *Client) Soak(ctx context.Context, namespace string) (workflows.SoakStatus, error) {
	d, err := c.describeSoak(ctx, namespace)
	if err != nil {
		return workflows.SoakStatus{}, err
	}
	if d.running() {
		var s workflows.SoakStatus
		closed, err := c.query(ctx, d, workflows.QueryStatus, &s)
		if !closed {
			if err == nil {
				c.addKeepers(&s, d)
			}
			return s, err
		}
	}
	cctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	return c.soakResult(cctx, namespace, "")
}

// addKeepers adds what the keepers of both generations said in their last
// heartbeat: they work for a quarter of an hour before the soak itself hears of them.
func (c *Client) addKeepers(s *workflows.SoakStatus, d description) {
	for _, a := range d.pending {
		var res workflows.StepResult
		if a.GetActivityType().GetName() != workflows.KeepInStepName || a.GetHeartbeatDetails() == nil {
			continue
		}
		if c.config.DataConverter.FromPayloads(a.GetHeartbeatDetails(), &res) == nil {
			s.Learn(res, a.GetLastHeartbeatTime().AsTime())
		}
	}
	d.pending = slices.DeleteFunc(slices.Clone(d.pending), atWork)
	if failure := d.trouble(); failure != "" {
		s.LastError = failure
	}
}

// atWork reports whether a keeper has gone on since its last failure: one attempt
// takes a quarter of an hour, and its heartbeat tells what is in its way meanwhile.
func atWork(a *workflowpb.PendingActivityInfo) bool {
	return a.GetActivityType().GetName() == workflows.KeepInStepName &&
		a.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED &&
		a.GetLastHeartbeatTime().AsTime().After(a.GetLastStartedTime().AsTime())
}

// soakResult waits for the end of a soak.
func (c *Client) soakResult(ctx context.Context, namespace, run string) (workflows.SoakStatus, error) {
	var s workflows.SoakStatus
	err := c.temporal.GetWorkflow(ctx, workflows.SoakID(namespace), run).Get(ctx, &s)
	if ended, ok := errors.AsType[*temporal.WorkflowExecutionError](err); ok {
		return s, fmt.Errorf("soak of namespace %q: %w: it did not end by itself: %w", namespace, ErrOver, ended)
	}
	if err != nil {
		return s, fmt.Errorf("read the result of the soak of namespace %q: %w", namespace, classify(ctx, err))
	}
	return s, nil
}

func (c *Client) describeSoak(ctx context.Context, namespace string) (description, error) {
	id := workflows.SoakID(namespace)
	if err := checkID(id); err != nil || namespace == "" {
		return description{}, fmt.Errorf("%w: namespace %q", ErrInvalid, namespace)
	}
	resp, err := c.describeWorkflow(ctx, id, "")
	if err != nil {
		if err = classify(ctx, err); errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("soak of namespace %q: %w in Temporal namespace %s", namespace, err, c.config.Namespace)
		}
		return description{}, err
	}
	return describes(resp), nil
}

// Rollback points a soaking namespace's route back at the former generation, once
// that is in step and verified, and returns how the soak ended. With wait false it
// returns when the soak has taken the request.
//
// Errors: ErrRefused (a RefusedError) when the soak's phase does not allow it, or
// the former generation can't be brought in step or is not right; ErrNotFound,
// ErrOver, ErrNoWorker, ErrUnreachable, ErrDenied.
func (c *Client) Rollback(ctx context.Context, namespace string, r workflows.RollbackRequest, wait bool) (workflows.SoakStatus, error) {
	return c.tellSoak(ctx, namespace, workflows.UpdateRollback, r, wait)
}

// Retire drops the former generation of a soaking namespace, and returns how the
// soak ended. Errors: as Rollback; ErrInvalid when the request names another generation.
func (c *Client) Retire(ctx context.Context, namespace string, r workflows.RetireRequest) (workflows.SoakStatus, error) {
	return c.tellSoak(ctx, namespace, workflows.UpdateRetire, r, true)
}

// EndSoak ends the soak of a namespace, and returns how it ended; nothing is
// dropped. Errors: as Rollback.
func (c *Client) EndSoak(ctx context.Context, namespace string, r workflows.EndRequest) (workflows.SoakStatus, error) {
	return c.tellSoak(ctx, namespace, workflows.UpdateEnd, r, true)
}

func (c *Client) tellSoak(ctx context.Context, namespace, name string, payload any, wait bool) (workflows.SoakStatus, error) {
	var s workflows.SoakStatus
	d, err := c.describeSoak(ctx, namespace)
	if err != nil {
		return s, err
	}
	if !d.running() {
		return s, fmt.Errorf("%s of namespace %q: %w: the soak has ended", name, namespace, ErrOver)
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		return s, fmt.Errorf("encode the %s: %w", name, err)
	}
	actx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	handle, err := c.temporal.UpdateWorkflow(actx, client.UpdateWorkflowOptions{
		WorkflowID: workflows.SoakID(namespace), UpdateName: name, Args: []any{json.RawMessage(raw)},
		WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	if err != nil {
		return s, c.notUpdated(ctx, namespace, name, err)
	}
	if !wait {
		return c.Soak(ctx, namespace)
	}
	if err := handle.Get(ctx, &s); err != nil {
		return s, c.notUpdated(ctx, namespace, name, err)
	}
	if s.Phase.Final() {
		return c.soakResult(ctx, namespace, "")
	}
	return s, nil
}

// notUpdated tells a refusal from a call that failed.
func (c *Client) notUpdated(ctx context.Context, namespace, name string, err error) error {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && ctx.Err() == nil {
		refusal := &RefusedError{Code: app.Type(), Message: app.Message()}
		return fmt.Errorf("%s of namespace %q: %w", name, namespace, refusal)
	}
	return fmt.Errorf("%s of namespace %q: %w", name, namespace, classifyQuery(ctx, err))
}
