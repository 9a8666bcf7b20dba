package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/patient"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// diffOptions are the flags of diff.
type diffOptions struct{ repair bool }

func (a *app) diffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use: "diff NAMESPACE", Short: "Compare the active generation with its source", GroupID: groupData,
		Long: `Diff reads every item and every record of the active generation, and embeds a
sample again. What it finds it has looked at twice; it changes nothing, and shares
no code with what writes. With --repair what is missing, stale, of another model
or without an item is made right, and then compared once more.

It ends with 0 when nothing is wrong (any more), and with 1 when something is:

  missing  an item has no record
  extra    a record has no item
  stale    a record was made from another text
  foreign  a record was made by another model
  payload  a copied payload differs
  vector   a vector has wrong dimensions, is NaN, zero, or not of unit length as declared
  drift    embedding a text again gives another vector
  search   a search by a record's own vector does not find it`,
		Example: `  reembed diff docs
  reembed diff docs --repair
  reembed diff docs -o json | jq '.report.findings'`,
		Args: needs("NAMESPACE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDiff(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.repair, "repair", false, "make right what is wrong")
	return cmd
}

// compared is what `reembed diff -o json` prints.
type compared struct {
	Namespace string                 `json:"namespace"`
	Model     string                 `json:"model"`
	Locator   string                 `json:"locator"`
	Clean     bool                   `json:"clean"`  // of the last look
	Report    workflows.Verification `json:"report"` // of the last look
	Repaired  *repaired              `json:"repaired,omitempty"`
}

// repaired is what --repair did, and what was wrong before.
type repaired struct {
	Before  map[verify.Kind]int64 `json:"before"`
	Sync    reconcile.Counts      `json:"sync"`
	Refused []refusedItem         `json:"refused,omitempty"`
}

func (a *app) runDiff(ctx context.Context, namespace string, o diffOptions) (err error) {
	w, err := a.existingWorld()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	act, err := openActive(ctx, w, namespace)
	if err != nil {
		return err
	}
	result := compared{Namespace: namespace, Model: act.route.Model, Locator: act.route.Locator}
	if result.Report, err = a.look(ctx, act); err != nil {
		return err
	}
	if o.repair && result.Report.Wrong() > 0 {
		fix := &repaired{Before: result.Report.Counts}
		result.Repaired = fix
		if fix.Sync, fix.Refused, err = a.bringUpToDate(ctx, act); err != nil {
			return fmt.Errorf("repair: %w", err)
		}
		if result.Report, err = a.look(ctx, act); err != nil {
			return err
		}
	}
	result.Clean = result.Report.Wrong() == 0
	if err := a.print(result, func(p *layout.Page) { writeDiff(p, result) }); err != nil {
		return err
	}
	if !result.Clean {
		return notClean(namespace, result.Report, o)
	}
	return nil
}

// look verifies the active generation: all of it, and then once more what was
// wrong, so that an item that changes under the look is no finding; and a sample.
func (a *app) look(ctx context.Context, act *active) (report verify.Report, err error) {
	total, _, err := act.source.Count(ctx)
	if err != nil {
		return report, fmt.Errorf("count items: %w", err)
	}
	known, err := act.known(ctx)
	if err != nil {
		return report, err
	}
	r := a.renderer()
	defer func() { err = errors.Join(err, r.Close()) }()
	o := verify.Options{Known: known, Seen: func(_ backends.Cursor, seen verify.Report) {
		r.Show(workflows.Status{Phase: workflows.Verifying, Progress: workflows.Progress{
			Pass: 1, ItemsTotal: 2 * total, ItemsDone: min(2*total, seen.Items+seen.Records), ETASeconds: -1,
		}})
	}}
	if report, err = verify.All(ctx, act.verifyPair(), o); err != nil {
		return report, fmt.Errorf("compare: %w", err)
	}
	sample, err := verify.Sample(ctx, act.verifyPair(), patient.ForMany(act.embedder), verify.SampleOptions{ANN: act.index.Traits().ANN})
	if err != nil {
		return report, fmt.Errorf("compare a sample: %w", err)
	}
	report.Merge(sample)
	return report, nil
}

func notClean(namespace string, r verify.Report, o diffOptions) error {
	if o.repair {
		return fmt.Errorf("%w: namespace %s is still wrong after the repair: %s: look at the findings; drift means that the model changed under its name", errFindings, namespace, r.Summary())
	}
	if r.Counts[verify.Drift] == r.Wrong() {
		return fmt.Errorf("%w: namespace %s: %s: the model changed under its name, or refuses what it took: no repair helps; give the model a new revision, and start a job to it", errFindings, namespace, r.Summary())
	}
	return fmt.Errorf("%w: namespace %s: %s: 'reembed diff %s --repair' makes it right", errFindings, namespace, r.Summary(), namespace)
}

func writeDiff(p *layout.Page, c compared) {
	p.Pair("namespace", c.Namespace)
	p.Pair("generation", c.Locator+", model "+c.Model)
	if c.Repaired != nil {
		var parts []string
		for _, kind := range slices.Sorted(maps.Keys(c.Repaired.Before)) {
			parts = append(parts, fmt.Sprintf("%s %s", kind, human.Count(c.Repaired.Before[kind])))
		}
		p.Pair("was wrong", strings.Join(parts, ", "))
		p.Pair("repaired", fmt.Sprintf("%s written, %s deleted, %s embedded", human.Count(c.Repaired.Sync.Written),
			human.Count(c.Repaired.Sync.Deleted), human.Count(c.Repaired.Sync.Embedded)))
		writeRefused(p, c.Repaired.Refused, c.Repaired.Sync.Quarantined)
	}
	p.Pair("compared", verdict(c.Report))
	if c.Report.Quarantined > 0 {
		p.Pair("quarantined", human.Things(c.Report.Quarantined, "item")+" without a vector: set aside, as empty or as refused by the provider")
	}
	if c.Report.Sampled > 0 {
		p.Pair("sample", fmt.Sprintf("%d embedded again, least cosine %.4f; %d searched for", c.Report.Sampled, c.Report.MinCosine, c.Report.Searched))
	}
	for i, f := range c.Report.Findings {
		if i == maxReported {
			p.Pair("", fmt.Sprintf("and %s more", human.Count(c.Report.Wrong()-maxReported)))
			break
		}
		p.Pair(string(f.Kind), layout.Whole(f.ID))
	}
}
