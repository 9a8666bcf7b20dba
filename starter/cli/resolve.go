package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/starter/cli/layout"
)

func (a *app) resolveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resolve NAMESPACE", Short: "Print a namespace's route: where it is searched, and with which model", GroupID: groupData,
		Long: `Resolve prints the one record that points: the generation that is searched and
the model that its queries have to be embedded with. Take both from one answer.`,
		Example: "  reembed resolve docs -o json",
		Args:    needs("NAMESPACE"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runResolve(cmd.Context(), args[0]) },
	}
}

func (a *app) runResolve(ctx context.Context, namespace string) (err error) {
	w, err := a.existingWorld()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	r, err := findRoute(ctx, w, namespace)
	if err != nil {
		return err
	}
	return a.print(r, func(p *layout.Page) { writeRoute(p, r) })
}

func writeRoute(p *layout.Page, r route.Route) {
	p.Pair("namespace", r.Namespace)
	p.Pair("generation", r.Generation)
	p.Pair("locator", r.Locator)
	p.Pair("model", r.Model)
	p.Pair("fingerprint", r.Fingerprint)
	p.Pair("dimensions", r.Dimensions)
	p.Pair("metric", r.Metric)
	p.Pair("stamp", backends.Stamp{Fingerprint: r.Fingerprint, Content: "<content hash>"}.String())
}
