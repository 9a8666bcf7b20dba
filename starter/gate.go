package starter

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/converter"

	"github.com/reembed/reembed/workflows"
)

// Gate returns who holds a slot and who waits for one. Errors: ErrNotFound while
// no worker has started the gate yet, ErrNoWorker, ErrUnreachable, ErrDenied.
func (c *Client) Gate(ctx context.Context) (workflows.GateState, error) {
	cctx, cancel := context.WithTimeout(ctx, c.config.QueryTimeout)
	defer cancel()
	var state workflows.GateState
	answer, err := twice(cctx, func() (converter.EncodedValue, error) {
		return c.temporal.QueryWorkflow(cctx, workflows.GateID, "", workflows.QueryGate)
	})
	if err != nil {
		return state, fmt.Errorf("ask the gate: %w", noGate(classifyQuery(ctx, err)))
	}
	if err := answer.Get(&state); err != nil {
		return state, fmt.Errorf("read the gate's state: %w", err)
	}
	return state, nil
}

// SetLimit sets how many jobs may run at once, over the whole fleet. Running
// jobs keep their slots. Errors: ErrInvalid for less than 1; as Gate.
func (c *Client) SetLimit(ctx context.Context, limit int) error {
	if limit < 1 {
		return fmt.Errorf("%w limit %d: at least 1", ErrInvalid, limit)
	}
	cctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	if err := c.temporal.SignalWorkflow(cctx, workflows.GateID, "", workflows.SignalGateLimit, limit); err != nil {
		return fmt.Errorf("set the gate's limit: %w", noGate(classify(ctx, err)))
	}
	return nil
}

func noGate(err error) error {
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: the first reembed-worker starts the gate", err)
	}
	return err
}
