package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/layout"
)

// cancelOptions are the flags of cancel.
type cancelOptions struct {
	reason string
	wait   bool
}

func (a *app) cancelCommand() *cobra.Command {
	var o cancelOptions
	cmd := &cobra.Command{
		Use: "cancel JOB", Short: "Cancel a job", GroupID: groupJobs,
		Long: `Cancel asks a job to end. What it has copied is kept, so that a later job to the
same model goes on from there; the active generation is not touched. A job whose
switch has begun completes all the same.`,
		Example: `  reembed cancel reembed-docs-k3x9q2ab --reason "wrong model" --wait`,
		Args:    needs("JOB"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runCancel(cmd.Context(), args[0], o) },
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why; kept with the job")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until the job has ended")
	return cmd
}

// cancelled is what `reembed cancel -o json` prints without --wait.
type cancelled struct {
	Job    string `json:"job"`
	Asked  bool   `json:"asked"` // the job was told; it ends in its own time
	Reason string `json:"reason,omitempty"`
}

func (a *app) runCancel(ctx context.Context, job string, o cancelOptions) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	h := starter.Handle{ID: job}
	if err := c.Cancel(ctx, h, o.reason); err != nil {
		return err
	}
	if !o.wait {
		return a.print(cancelled{job, true, o.reason}, func(p *layout.Page) {
			p.Line("Job %s was asked to end.", job)
		})
	}
	err = a.follow(ctx, c, h)
	switch {
	case errors.Is(err, errCancelled): // as was asked
		return nil
	case err == nil:
		return fmt.Errorf("%w: job %s completed all the same", starter.ErrOver, job)
	}
	return err
}
