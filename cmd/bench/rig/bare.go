package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/reembed/reembed/cmd/bench/bareloop"
	"github.com/reembed/reembed/starter/child"
)

// BareLoop is the argument with which this program plays the bare loop.
const BareLoop = "bare-loop"

// Bare runs the bare loop in a process of its own.
func (p *Place) Bare(ctx context.Context) (bareloop.Result, error) {
	var res bareloop.Result
	task, err := json.Marshal(bareloop.Task{
		Folder: p.dir, Namespace: Namespace, Model: Model,
		BatchSize: p.rig.BatchSize, Concurrency: p.rig.InFlight(),
	})
	if err != nil {
		return res, err
	}
	var out, complaint bytes.Buffer
	loop, err := child.Start(child.Command{
		Path: p.rig.self, Args: []string{BareLoop, string(task)}, Env: p.rig.Environ, Stdout: &out, Stderr: &complaint,
	})
	if err != nil {
		return res, err
	}
	if err := ended(ctx, loop); err != nil {
		return res, fmt.Errorf("bare loop: %w: %s", err, complaint.String())
	}
	if err := json.Unmarshal(out.Bytes(), &res); err != nil {
		return res, fmt.Errorf("read the bare loop's result %q: %w", out.String(), err)
	}
	if res.Items != p.items {
		return res, fmt.Errorf("the bare loop wrote %d items of %d", res.Items, p.items)
	}
	return res, nil
}

// ended waits for a child, and kills it when the context ends.
func ended(ctx context.Context, c *child.Process) error {
	select {
	case <-c.Done():
		return c.Wait()
	case <-ctx.Done():
		if err := c.Kill(); err != nil {
			return err
		}
		return context.Cause(ctx)
	}
}
