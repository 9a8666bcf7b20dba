package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/inventory"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
)

func (a *app) generationsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "generations NAMESPACE", Short: "List a namespace's generations, and whose they are", GroupID: groupData,
		Long: `Generations lists the sets of vectors that exist of a namespace: of which model,
how large and how old, and whose each is.

  active      the route points at it: it is searched
  standby     a soak keeps it in step, for a way back
  in work     a job makes it, or waits to
  beginning   before the first route: of the model that the namespace begins with
  disputed    it holds one side of a conflict: 'reembed conflicts' lists them
  nobody's    none of these: 'reembed gc' shows and drops such

Whether jobs live, Temporal is asked. Where it does not answer, jobs that wait
are not known, and a job that holds the namespace counts as living.`,
		Example: `  reembed generations docs
  reembed generations docs -o json | jq -r '.[] | select(.role == "active").locator'`,
		Args: needs("NAMESPACE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runGenerations(cmd.Context(), args[0]) },
	}
}

func (a *app) runGenerations(ctx context.Context, namespace string) (err error) {
	w, err := a.existingWorld()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	p, err := placeOf(ctx, w, namespace)
	if err != nil {
		return err
	}
	l, err := a.livingOrNot(ctx, w, p)
	if err != nil {
		return err
	}
	all, err := p.Generations(ctx, l)
	if err != nil {
		return err
	}
	return a.print(all, func(p *layout.Page) { writeGenerations(p, all, time.Now()) })
}

// askWithin bounds what is asked of Temporal by a command that can do without.
const askWithin = 5 * time.Second

// livingOrNot is living, of what can be known: without an answer of Temporal's
// who holds the lease counts as living.
func (a *app) livingOrNot(ctx context.Context, w *catalog.World, p inventory.Place) (inventory.Living, error) {
	actx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	l, err := a.askLiving(actx, w, p)
	if ctx.Err() != nil {
		return l, ctx.Err()
	}
	if err == nil {
		return l, nil
	}
	if !errors.Is(err, starter.ErrUnreachable) && !errors.Is(err, context.DeadlineExceeded) {
		return l, err
	}
	a.note("Temporal does not answer: jobs that wait are not known, and one that holds the namespace may be over.")
	return inventory.Living{Over: func(context.Context, records.Lease) (bool, error) { return false, nil }}, nil
}

// askLiving looks at the lease's holder here and now: its answer is kept, so that
// the connection need not be.
func (a *app) askLiving(ctx context.Context, w *catalog.World, p inventory.Place) (inventory.Living, error) {
	c, err := a.connect(ctx)
	if err != nil {
		return inventory.Living{}, err
	}
	defer c.Close()
	l, err := living(ctx, c, w, p.Index, p.Namespace)
	if err != nil {
		return l, err
	}
	lease, err := records.GetLease(ctx, p.Registry, p.Namespace)
	over := true
	if err == nil && lease.Hold == 0 {
		over, err = l.Over(ctx, lease)
	}
	if err != nil && !errors.Is(err, backends.ErrNotFound) {
		return l, err
	}
	l.Over = func(context.Context, records.Lease) (bool, error) { return over, nil }
	return l, nil
}

var roleStyles = map[inventory.Role]layout.Style{
	inventory.Active: layout.Good, inventory.Standby: layout.Bold, inventory.InWork: layout.Warn, inventory.Disputed: layout.Warn, inventory.Nobodys: layout.Faint,
}

func writeGenerations(p *layout.Page, all []inventory.Generation, now time.Time) {
	if len(all) == 0 {
		p.Line("No generations.")
		return
	}
	t := p.Table(layout.Column{Title: "LOCATOR"}, layout.Column{Title: "ROLE", Rank: 1}, layout.Column{Title: "MODEL", Rank: 2},
		layout.Column{Title: "RECORDS", Rank: 3}, layout.Column{Title: "SIZE", Rank: 4}, layout.Column{Title: "AGE", Rank: 5},
		layout.Column{Title: "DIMENSIONS", Rank: 7}, layout.Column{Title: "FINGERPRINT", Rank: 8, Least: 16}, layout.Column{Title: "OWNER", Rank: 6, Least: 12})
	for _, g := range all {
		t.Row(g.Locator, layout.Styled{Value: g.Role, Style: roleStyles[g.Role]}, g.Model, human.Count(g.Records),
			size(g.Bytes), age(now, g.CreatedAt), g.Dimensions, g.Fingerprint, g.Owner)
	}
}

// size and age say so where the store does not know.
func size(bytes int64) string {
	if bytes < 0 {
		return "unknown"
	}
	return human.Bytes(bytes)
}

func age(now, created time.Time) string {
	if created.IsZero() {
		return "unknown"
	}
	return human.Duration(max(0, now.Sub(created)))
}
