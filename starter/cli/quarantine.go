package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// quarantineOptions are the flags of quarantine.
type quarantineOptions struct {
	model      string
	retry      bool
	waive      []string
	reason, by string
}

func (a *app) quarantineCommand() *cobra.Command {
	var o quarantineOptions
	cmd := &cobra.Command{
		Use: "quarantine JOB|NAMESPACE [ID...]", Short: "List the items that models refused; ask again, or waive them", GroupID: groupJobs,
		Long: `Quarantine lists the items that can't be embedded: which model refused them, why,
and who waived them. Of a job they are those of its target model, of a namespace
those of all. With ids it lists only these.

--retry forgets refusals, of all that are listed, so that the next pass asks again.
--waive has a switch happen without an item, and --reason says why; it holds for
this model and until the text changes. It is given once an id, which may have
commas in it.`,
		Example: `  reembed quarantine reembed-docs-k3x9q2ab
  reembed quarantine docs --waive doc-17 --reason "a scan without text"
  reembed quarantine docs --retry doc-18 doc-19`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%s needs JOB or NAMESPACE", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runQuarantine(cmd.Context(), args[0], args[1:], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.model, "model", "", "only what this model of the catalog refused")
	f.BoolVar(&o.retry, "retry", false, "forget the refusals, so that the next pass asks again")
	f.StringArrayVar(&o.waive, "waive", nil, "id of an item that the switch may happen without; may be repeated")
	f.StringVar(&o.reason, "reason", "", "why it may; kept with the waiver")
	f.StringVar(&o.by, "by", "", "who says so; kept with the waiver (default $USER)")
	return cmd
}

// quarantined is one item of `reembed quarantine -o json`.
type quarantined struct {
	records.Quarantined
	Model       string          `json:"model,omitempty"` // by the catalog; absent where it has none of the fingerprint
	Fingerprint string          `json:"fingerprint"`
	Waived      *records.Waiver `json:"waived,omitempty"` // while it holds
}

func (a *app) runQuarantine(ctx context.Context, of string, ids []string, o quarantineOptions) (err error) {
	switch {
	case o.retry && len(o.waive) > 0:
		return usage("--retry and --waive: one at a time")
	case len(o.waive) > 0 && strings.TrimSpace(o.reason) == "":
		return usage("--waive needs --reason: say why the switch may happen without the item")
	case len(o.waive) == 0 && o.reason != "":
		return usage("--reason is for --waive")
	case len(o.waive) > 0 && len(ids) > 0:
		return usage("--waive takes the ids: %q is too much", ids[0])
	}
	w, err := a.existingWorld()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	q, err := a.quarantineOf(ctx, w, of, o.model)
	if err != nil {
		return err
	}
	all, err := q.list(ctx)
	if err != nil {
		return err
	}
	if all, err = named(all, slices.Concat(ids, o.waive)); err != nil {
		return err
	}
	switch {
	case o.retry:
		return a.runRetry(ctx, w, q, all)
	case len(o.waive) > 0:
		by := cmp.Or(o.by, a.env.Get("USER"))
		if by == "" {
			return usage("--waive needs --by: $USER is not set")
		}
		if err := q.waive(ctx, all, o.reason, by); err != nil {
			return err
		}
		if all, err = q.list(ctx); err != nil {
			return err
		}
		if all, err = named(all, o.waive); err != nil {
			return err
		}
	}
	return a.print(all, func(p *layout.Page) { writeQuarantine(p, all) })
}

// quarantineOf finds what is asked about: the namespace of that name, else the
// job's target.
func (a *app) quarantineOf(ctx context.Context, w *catalog.World, of, model string) (*quarantine, error) {
	q := &quarantine{namespace: of, models: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(w.Catalog().Models)) {
		q.models[w.Catalog().Models[name].Fingerprint()] = name
	}
	if _, err := w.Namespace(of); err != nil {
		s, serr := a.jobStatus(ctx, w, of)
		if errors.Is(serr, starter.ErrNotFound) || errors.Is(serr, starter.ErrInvalid) {
			return nil, fmt.Errorf("%w; nor is it a namespace of %s", serr, w.Catalog().File)
		}
		if serr != nil {
			return nil, serr
		}
		q.namespace, q.job = s.Namespace, of
		fingerprint, err := targetOf(w, s)
		if err != nil {
			return nil, err
		}
		q.only = []string{fingerprint}
	}
	if model != "" {
		m, err := w.Model(model)
		if err != nil {
			return nil, err
		}
		if q.job != "" && q.only[0] != m.Fingerprint() {
			return nil, usage("--model %s: job %s moves to another one", model, q.job)
		}
		q.only = []string{m.Fingerprint()}
	}
	var err error
	q.registry, err = w.Registry(ctx, q.namespace)
	return q, err
}

// jobStatus is what Temporal knows of a job, or else the registry.
func (a *app) jobStatus(ctx context.Context, w *catalog.World, job string) (workflows.Status, error) {
	c, err := a.connect(ctx)
	if err != nil {
		return workflows.Status{}, err
	}
	defer c.Close()
	s, err := c.Status(ctx, starter.Handle{ID: job})
	switch {
	case errors.Is(err, starter.ErrNoWorker):
		return s, nil // which namespace and model is known without
	case errors.Is(err, starter.ErrNotFound):
		if kept, rerr := recorded(ctx, w, job); rerr == nil {
			return kept, nil
		}
	}
	return s, err
}

// targetOf is the fingerprint that a job moves to.
func targetOf(w *catalog.World, s workflows.Status) (string, error) {
	switch {
	case s.Route != nil:
		return s.Route.Fingerprint, nil
	case s.Plan != nil:
		return s.Plan.Fingerprint, nil
	}
	m, err := w.Model(s.To)
	return m.Fingerprint(), err
}

// named picks the items of those ids, each of which has to be there; all where
// none is named.
func named(all []quarantined, ids []string) ([]quarantined, error) {
	if len(ids) == 0 {
		return all, nil
	}
	var found []quarantined
	var unknown []string
	for _, id := range ids {
		before := len(found)
		for _, item := range all {
			if item.ID == id {
				found = append(found, item)
			}
		}
		if len(found) == before {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("%w: not in quarantine: %s: nothing was changed", backends.ErrNotFound, strings.Join(unknown, ", "))
	}
	return found, nil
}

func writeQuarantine(p *layout.Page, all []quarantined) {
	if len(all) == 0 {
		p.Line("Nothing is in quarantine.")
		return
	}
	t := p.Table(layout.Column{Title: "ID"}, layout.Column{Title: "MODEL", Rank: 3}, layout.Column{Title: "REASON", Rank: 1, Least: 20},
		layout.Column{Title: "SINCE", Rank: 5, Least: len("2006-01-02")}, layout.Column{Title: "JOB", Rank: 6}, layout.Column{Title: "WAIVED", Rank: 2, Least: 20})
	open := 0
	for _, item := range all {
		waived := "-"
		if v := item.Waived; v != nil {
			waived = v.By + ": " + v.Reason
		} else {
			open++
		}
		t.Row(item.ID, cmp.Or(item.Model, item.Fingerprint), item.Reason, when(item.At), cmp.Or(item.Job, "-"), waived)
	}
	p.Line("%s, %s of them not waived.", human.Things(len(all), "item"), human.Count(open))
}
