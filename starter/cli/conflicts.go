package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/starter/cli/layout"
)

// conflictsOptions are the flags of conflicts.
type conflictsOptions struct{ resolve, keep string }

func (a *app) conflictsCommand() *cobra.Command {
	var o conflictsOptions
	cmd := &cobra.Command{
		Use: "conflicts NAMESPACE", Short: "List what was changed in both collections of a self-contained namespace", GroupID: groupData,
		Long: `Conflicts lists the items of a self-contained namespace that were changed in its
active collection and in the former one since both last agreed: around a switch one
writer has read the route, and another has not yet. Both versions are kept, each
where it is, and the active one is found by searches. They are named by id and by
hashes; to see the texts, look into the two collections.

A conflict ends when both say the same again, when one of the two is deleted, or
with --resolve, which writes one version over the other.`,
		Example: `  reembed conflicts articles
  reembed conflicts articles --resolve a/17 --keep former`,
		Args: needs("NAMESPACE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runConflicts(cmd.Context(), args[0], o) },
	}
	cmd.Flags().StringVar(&o.resolve, "resolve", "", "id of the item whose conflict is to end")
	cmd.Flags().StringVar(&o.keep, "keep", "", "which version stays: active or former")
	return cmd
}

// inConflict is what `reembed conflicts -o json` prints.
type inConflict struct {
	Namespace string             `json:"namespace"`
	Conflicts []records.Conflict `json:"conflicts"`
}

func (a *app) runConflicts(ctx context.Context, namespace string, o conflictsOptions) (err error) {
	if (o.resolve == "") != (o.keep == "") {
		return usage("give --resolve and --keep together")
	}
	if o.keep != "" && o.keep != keepActive && o.keep != keepFormer {
		return usage("--keep: %q is neither %s nor %s", o.keep, keepActive, keepFormer)
	}
	w, err := a.world()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	if _, err := w.Namespace(namespace); err != nil {
		return err
	}
	reg, err := w.Registry(ctx, namespace)
	if err != nil {
		return err
	}
	if o.resolve != "" {
		if err := settleConflict(ctx, w, reg, namespace, o); err != nil {
			return fmt.Errorf("resolve the conflict: %w", err)
		}
	}
	result := inConflict{Namespace: namespace, Conflicts: []records.Conflict{}}
	all, err := records.AllConflicts(ctx, reg, namespace)
	if err != nil {
		return err
	}
	result.Conflicts = append(result.Conflicts, all...)
	return a.print(result, func(p *layout.Page) { writeConflicts(p, result) })
}

func writeConflicts(p *layout.Page, l inConflict) {
	if len(l.Conflicts) == 0 {
		p.Line("No conflicts.")
		return
	}
	t := p.Table(layout.Column{Title: "ID"}, layout.Column{Title: "ACTIVE", Rank: 1}, layout.Column{Title: "FORMER", Rank: 1}, layout.Column{Title: "SINCE", Rank: 2})
	for _, c := range l.Conflicts {
		t.Row(c.ID, short(c.Active), short(c.Former), c.At.UTC().Format(time.RFC3339))
	}
}

// short names a version: hashes of text and payload, as much of them as tells
// them apart for people, and where it is.
func short(s records.ConflictSide) string {
	return fmt.Sprintf("%.8s/%.8s in %s", s.Content, s.Payload, s.Locator)
}

const (
	keepActive = "active"
	keepFormer = "former"
)

// settleConflict writes the version that is kept over the other one.
func settleConflict(ctx context.Context, w *catalog.World, reg backends.Registry, namespace string, o conflictsOptions) error {
	c, err := records.GetConflict(ctx, reg, namespace, o.resolve)
	if err != nil {
		return err
	}
	kept, other := c.Active, c.Former
	if o.keep == keepFormer {
		kept, other = other, kept
	}
	index, err := w.Index(ctx, namespace)
	if err != nil {
		return err
	}
	m := reconcile.Merge{}
	if m.From, err = index.Open(ctx, kept.Locator); err != nil {
		return fmt.Errorf("open collection %s: %w", kept.Locator, err)
	}
	m.To, err = index.Open(ctx, other.Locator)
	if errors.Is(err, backends.ErrNotFound) { // dropped: nothing is left of the other version
		return records.DeleteConflicts(ctx, reg, namespace, c.ID)
	}
	if err != nil {
		return fmt.Errorf("open collection %s: %w", other.Locator, err)
	}
	if m.Items, err = w.Items(ctx, namespace, kept.Locator); err != nil {
		return err
	}
	spec := m.To.Spec()
	if m.Embedder, err = w.Embedder(spec.Model); err != nil {
		return fmt.Errorf("model of collection %s: %w", other.Locator, err)
	}
	if now := m.Embedder.Model().Fingerprint(); now != spec.Fingerprint {
		return usage("models.%s: makes other vectors (%s) than collection %s has (%s)", spec.Model, now, other.Locator, spec.Fingerprint)
	}
	refuse := func(context.Context, reconcile.Refusal) error { return nil } // Keep tells
	found := reconcile.Conflict{ID: c.ID, From: kept.Version, To: other.Version}
	if err := reconcile.Keep(ctx, m, found, reconcile.Options{Quarantine: refuse}); err != nil {
		return err
	}
	return records.DeleteConflicts(ctx, reg, namespace, c.ID)
}
