package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/starter"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status JOB", Short: "Show what is known of a job", GroupID: groupJobs,
		Long: `Status shows a job's state, phase, progress, verification and route. A failed
job is no failure of this command: it ends with 0 when there is something to
show. After Temporal's retention the registry of the job's namespace answers,
if this catalog has it.`,
		Example: `  reembed status reembed-docs-k3x9q2ab
  reembed status reembed-docs-k3x9q2ab -o json | jq .progress`,
		Args: needs("JOB"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runStatus(cmd.Context(), args[0]) },
	}
}

func (a *app) runStatus(ctx context.Context, job string) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	h := starter.Handle{ID: job}
	s, err := c.Status(ctx, h)
	switch {
	case errors.Is(err, starter.ErrNotFound):
		return a.printRecorded(ctx, job, err)
	case errors.Is(err, starter.ErrNoWorker): // what Temporal knows is shown all the same
		return errors.Join(a.printStatus(s, c.WebURL(h)), err)
	case err != nil:
		return err
	}
	return a.printStatus(s, c.WebURL(h))
}
