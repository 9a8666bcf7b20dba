package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// rollbackOptions are the flags of rollback.
type rollbackOptions struct {
	stale, wait bool
	waive       []string
}

func (a *app) rollbackCommand() *cobra.Command {
	var o rollbackOptions
	cmd := &cobra.Command{
		Use: "rollback NAMESPACE", Short: "Point a soaking namespace back at its former generation", GroupID: groupJobs,
		Long: `Rollback undoes the last switch of a namespace that soaks, with the care of a
switch: the former generation is brought in step, made durable and verified, its
model's canaries are compared, and the route is moved by compare-and-swap. Nothing
that was written since the switch is lost. The newer generation stays, and a later
job to its model goes on from there.

It is refused, and the soak goes on, when the former generation can't be brought
in step - its model does not answer any more - or is not right. With --stale the
route is moved all the same: what changed since is not found, or by its old text.`,
		Example: `  reembed rollback docs --wait`,
		Args:    needs("NAMESPACE"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runRollback(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.stale, "stale", false, "also when the former generation can't be brought in step")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until it is done, or refused")
	cmd.Flags().StringArrayVar(&o.waive, "waive", nil, "id of an item that the former model can't embed, and that may be without a vector; may be repeated")
	return cmd
}

func (a *app) runRollback(ctx context.Context, namespace string, o rollbackOptions) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := c.Rollback(ctx, namespace, workflows.RollbackRequest{Stale: o.stale, Waive: o.waive}, o.wait)
	if err != nil {
		return err
	}
	if !o.wait {
		a.note("The rollback has begun: 'reembed soak %s' shows it.", namespace)
	}
	return a.printSoak(c, s)
}

// retireOptions are the flags of retire.
type retireOptions struct {
	locator string
	yes     bool
}

func (a *app) retireCommand() *cobra.Command {
	var o retireOptions
	cmd := &cobra.Command{
		Use: "retire NAMESPACE", Short: "Drop the former generation of a soaking namespace", GroupID: groupJobs,
		Long: `Retire ends the soak of a namespace for good: the former generation is dropped, and
there is no rollback any more. Without --yes it only shows what would be dropped.
What is dropped is named to the soak, which refuses when it is not the former
generation any more; with --locator you name it yourself.`,
		Example: `  reembed retire docs
  reembed retire docs --locator reembed_docs_3f9a1c --yes`,
		Args: needs("NAMESPACE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRetire(cmd.Context(), args[0], o) },
	}
	cmd.Flags().StringVar(&o.locator, "locator", "", "the generation that is meant; refused when the former one is another")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "drop it; else it is only shown")
	return cmd
}

// retiring is what `reembed retire -o json` prints without --yes.
type retiring struct {
	Namespace string `json:"namespace"`
	Locator   string `json:"locator"` // of the generation that would be dropped
	Model     string `json:"model"`
	Dropped   bool   `json:"dropped"`
}

func (a *app) runRetire(ctx context.Context, namespace string, o retireOptions) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	now, err := c.Soak(ctx, namespace)
	if err != nil {
		return err
	}
	if o.locator == "" {
		o.locator = now.Standby.Locator
	}
	if o.yes {
		s, err := c.Retire(ctx, namespace, workflows.RetireRequest{Locator: o.locator})
		if err != nil {
			return err
		}
		return a.printSoak(c, s)
	}
	switch {
	case now.Phase.Final():
		return fmt.Errorf("%w: the soak of namespace %q is %s", starter.ErrOver, namespace, now.Phase)
	case o.locator != now.Standby.Locator:
		return usage("the former generation of namespace %q is %s, not %s", namespace, now.Standby.Locator, o.locator)
	}
	return a.print(retiring{namespace, now.Standby.Locator, now.Standby.Model, false}, func(p *layout.Page) {
		p.Line("Generation %s of model %s would be dropped. Nothing was: add --yes.", now.Standby.Locator, now.Standby.Model)
	})
}
