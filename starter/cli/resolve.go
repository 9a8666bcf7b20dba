package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends/route"
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
	w, err := a.world()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	r, err := findRoute(ctx, w, namespace)
	if err != nil {
		return err
	}
	return a.print(r, func(w io.Writer) { writeRoute(w, r) })
}

func writeRoute(w io.Writer, r route.Route) {
	row(w, "namespace", r.Namespace)
	row(w, "generation", r.Generation)
	row(w, "locator", r.Locator)
	row(w, "model", r.Model)
	row(w, "fingerprint", r.Fingerprint)
	row(w, "dimensions", r.Dimensions)
	row(w, "metric", r.Metric)
}

// closing closes c at the end of a function, whose error it joins.
func closing(c io.Closer, err *error) {
	if cerr := c.Close(); *err == nil {
		*err = cerr
	}
}
