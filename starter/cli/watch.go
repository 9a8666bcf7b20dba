package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/starter"
)

func (a *app) watchCommand() *cobra.Command {
	return &cobra.Command{
		Use: "watch JOB", Short: "Show a job's progress until it ends", GroupID: groupJobs,
		Long: `Watch shows a job's progress on stderr - a live bar on a terminal, plain lines
elsewhere - until the job ends, prints its final status, and ends with the code
that the job's end has. Ctrl-C ends the watching, not the job.`,
		Example: "  reembed watch reembed-docs-k3x9q2ab",
		Args:    needs("JOB"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runWatch(cmd.Context(), args[0]) },
	}
}

func (a *app) runWatch(ctx context.Context, job string) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return a.follow(ctx, c, starter.Handle{ID: job})
}
