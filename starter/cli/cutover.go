package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/layout"
)

// cutoverOptions are the flags of cutover.
type cutoverOptions struct {
	by   string
	wait bool
}

func (a *app) cutoverCommand() *cobra.Command {
	var o cutoverOptions
	cmd := &cobra.Command{
		Use: "cutover JOB", Short: "Tell a job that waits for it to switch", GroupID: groupJobs,
		Long: `Cutover tells a job that was started with --cutover manual, and is ready, that it
may switch. It takes a slot again, syncs once more, verifies again where the last
verification is too old, and switches - in its window, where it has one. Before it
is ready, and once the switch has begun, it can't be told. Said twice is said once.`,
		Example: `  reembed cutover reembed-docs-k3x9q2ab --wait`,
		Args:    needs("JOB"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runCutover(cmd.Context(), args[0], o) },
	}
	cmd.Flags().StringVar(&o.by, "by", "", "who says so; kept with the job (default $USER)")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until the job has ended")
	return cmd
}

func (a *app) runCutover(ctx context.Context, job string, o cutoverOptions) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if o.by == "" {
		o.by, _ = a.env.LookupEnv("USER")
	}
	h := starter.Handle{ID: job}
	order, err := c.Cutover(ctx, h, o.by)
	if err != nil {
		return err
	}
	if o.wait {
		return a.follow(ctx, c, h)
	}
	return a.print(order, func(p *layout.Page) {
		p.Line("Job %s was told to switch.", job)
	})
}
