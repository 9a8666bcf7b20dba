package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/reembed/reembed/backends/catalog"
)

const (
	// maxOutput is how much of a command's output is looked at; it may print more.
	maxOutput = 4 << 10
	// lingering is how long a command's own children may hold its output open.
	lingering = 2 * time.Second
)

// run runs a command. What it prints, on either output, is its reason.
func (c Caller) run(ctx context.Context, h catalog.Hook, m Message, body []byte) error {
	var out head
	cmd := exec.CommandContext(ctx, h.Command[0], h.Command[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = c.Dir, c.Env, lingering
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], "REEMBED_HOOK="+string(m.Hook), "REEMBED_DELIVERY="+m.Delivery)
	alone(cmd)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), &out, &out
	err := cmd.Run()
	name := filepath.Base(h.Command[0])
	exited, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s did not end within %s: %w", name, h.Timeout, context.Cause(ctx))
	case ended && exited.ExitCode() > 0:
		reason := firstLine(out.kept)
		if reason == "" {
			reason = fmt.Sprintf("%s ended with %d", name, exited.ExitCode())
		}
		return &Refused{Reason: reason}
	case errors.Is(err, exec.ErrWaitDelay): // it ended with 0, and left children behind
		return nil
	}
	return fmt.Errorf("run %s: %w", name, err)
}

// head keeps the beginning of what is written to it. Both outputs of a command go
// to the same one, which os/exec then writes to from one goroutine.
type head struct{ kept []byte }

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), maxOutput-len(h.kept))]...)
	return len(p), nil
}
