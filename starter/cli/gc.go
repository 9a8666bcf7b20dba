package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/inventory"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
)

// gcOptions are the flags of gc.
type gcOptions struct {
	yes     bool
	locator string
}

func (a *app) gcCommand() *cobra.Command {
	var o gcOptions
	cmd := &cobra.Command{
		Use: "gc NAMESPACE", Short: "Show what nothing owns, and drop it", GroupID: groupData,
		Long: `Gc shows what nothing owns: generations that no route, soak or living job points
at; consumers of changes whose generation is gone, or whose changes nobody takes;
what is kept of refused items, and canaries, of fingerprints that have no
generation. With --yes it drops what it named, and nothing else.

Each is looked at once more, under the namespace's lease, right before it is
dropped: a job that is started meanwhile waits until that is done, and while
another one holds the namespace nothing is dropped. The active generation never is.

--locator narrows it to what has that one name, and is the only way to what may
be another catalog's. Temporal has to answer: a job that waits for its slot owns
the shadow that it will go on from.`,
		Example: `  reembed gc docs
  reembed gc docs --yes
  reembed gc docs --locator reembed_docs_7fcd30844c213c2a --yes`,
		Args: needs("NAMESPACE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runGC(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.yes, "yes", false, "drop what is shown")
	cmd.Flags().StringVar(&o.locator, "locator", "", "only the generation, and the consumer, of this name")
	return cmd
}

// dropped is a finding of `reembed gc -o json`.
type dropped struct {
	inventory.Finding
	Dropped bool `json:"dropped"`
}

func (a *app) runGC(ctx context.Context, namespace string, o gcOptions) (err error) {
	w, err := a.existingWorld()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	p, err := a.wholePlace(ctx, w, namespace)
	if err != nil {
		return err
	}
	if o.locator != "" {
		p.Begins = "" // whoever names what the next import would go on from means it
	}
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	look := func() (inventory.Living, error) { return living(ctx, c, w, p.Index, namespace) }
	l, err := look()
	if err != nil {
		return err
	}
	found, err := p.Findings(ctx, l)
	if err == nil {
		found, err = chosen(ctx, p, l, found, o)
	}
	if err != nil {
		return err
	}
	all := make([]dropped, len(found))
	for i, f := range found {
		all[i].Finding = f
	}
	if o.yes {
		err = dropAll(ctx, p, look, all, o)
	}
	return errors.Join(a.print(all, func(p *layout.Page) { writeGC(p, all, o) }), err)
}

// wholePlace is placeOf with all that gc judges by: the source, for its consumers,
// and what the other namespaces have that share the registry, for the canaries.
func (a *app) wholePlace(ctx context.Context, w *catalog.World, namespace string) (inventory.Place, error) {
	p, err := placeOf(ctx, w, namespace)
	if err != nil {
		return p, err
	}
	if p.Source, err = w.Source(ctx, namespace); err != nil {
		if !errors.Is(err, backends.ErrNotFound) {
			return p, err
		}
		p.Source = nil // a self-contained namespace before its first route
	}
	p.Elsewhere, err = elsewhere(ctx, w, namespace)
	if err != nil {
		a.note("canaries are not looked at: %s", err)
		p.Elsewhere = nil
	}
	return p, ctx.Err()
}

// elsewhere are the generations of the other namespaces that keep their records,
// and so may keep their items, where this one does.
func elsewhere(ctx context.Context, w *catalog.World, namespace string) ([]backends.GenerationSpec, error) {
	c, found := w.Catalog(), []backends.GenerationSpec{}
	for name, ns := range c.Namespaces {
		if name == namespace || c.Registry == "" && ns.Store != c.Namespaces[namespace].Store {
			continue
		}
		index, err := w.Index(ctx, name)
		if err != nil {
			return nil, err
		}
		specs, err := index.Generations(ctx)
		if err != nil {
			return nil, fmt.Errorf("list generations of namespace %s: %w", name, err)
		}
		found = append(found, specs...)
	}
	return found, nil
}

// chosen is what of the findings is meant: all that is surely this namespace's,
// or what has the one name.
func chosen(ctx context.Context, p inventory.Place, l inventory.Living, found []inventory.Finding, o gcOptions) ([]inventory.Finding, error) {
	if o.locator == "" {
		return found, nil
	}
	found = slices.DeleteFunc(found, func(f inventory.Finding) bool {
		return f.Name != o.locator || f.Kind != inventory.OfGeneration && f.Kind != inventory.OfConsumer
	})
	if len(found) > 0 {
		return found, nil
	}
	all, err := p.Generations(ctx, l)
	if err != nil {
		return nil, err
	}
	for _, g := range all {
		switch {
		case g.Locator != o.locator:
		case g.Owner != "":
			return nil, fmt.Errorf("%w: generation %s is %s, of %s", backends.ErrConflict, g.Locator, g.Role, g.Owner)
		default:
			return nil, fmt.Errorf("%w: generation %s is %s", backends.ErrConflict, g.Locator, g.Role)
		}
	}
	return nil, fmt.Errorf("%w: namespace %s has no generation, and no consumer, %s", backends.ErrNotFound, p.Namespace, o.locator)
}

// dropAll drops one after the other until one can't be. Who lives is asked anew
// for each.
func dropAll(ctx context.Context, p inventory.Place, look func() (inventory.Living, error), all []dropped, o gcOptions) error {
	for i := range all {
		if all[i].Stranger && o.locator == "" {
			continue
		}
		l, err := look()
		if err == nil {
			err = p.Drop(ctx, all[i].Finding, l)
		}
		if err != nil {
			return err
		}
		all[i].Dropped = true
	}
	return nil
}

func writeGC(p *layout.Page, all []dropped, o gcOptions) {
	if len(all) == 0 {
		p.Line("Nothing that nobody owns.")
		return
	}
	t := p.Table(layout.Column{Title: "KIND", Rank: 1}, layout.Column{Title: "NAME"}, layout.Column{Title: "MODEL", Rank: 4},
		layout.Column{Title: "RECORDS", Rank: 3}, layout.Column{Title: "WHY", Rank: 2, Least: 20}, layout.Column{Title: "STATE", Rank: 1})
	open := 0
	for _, d := range all {
		var model, records, state string
		if d.Generation != nil {
			model, records = d.Generation.Model, human.Count(d.Generation.Records)
		}
		switch {
		case d.Dropped:
			state = "dropped"
		case d.Stranger:
			state = "stays"
		default:
			state = "nobody's"
			open++
		}
		t.Row(string(d.Kind), d.Name, model, records, d.Why, state)
	}
	if open > 0 && !o.yes {
		p.Line("%s", strings.TrimSpace(human.Things(open, "thing")+" that nobody owns: --yes drops what is named here."))
	}
}
