package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// Defaults of the worker's, where its environment is silent.
const (
	defaultJobTimeout = 3600 * time.Second
	defaultBatchSize  = 100
)

func (a *app) planCommand() *cobra.Command {
	var o requestOptions
	cmd := &cobra.Command{
		Use: "plan NAMESPACE --to MODEL", Short: "Find out what a job would do, and write nothing", GroupID: groupData,
		Long: `Plan does here what the first steps of a job do: it checks the request against
the catalog, asks stores and provider, embeds a sample, and estimates tokens, cost,
time and room. It needs no worker and no Temporal; 'reembed start --dry-run' asks
the workers for the same.

It ends with 1 when something stands against the job.`,
		Example: `  reembed plan docs --to text-embedding-3-small
  reembed plan docs --to text-embedding-3-small -o json | jq .estimated_cost`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dryRun = true
			r, err := o.request(args)
			if err != nil {
				return err
			}
			return a.runPlan(cmd.Context(), r)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (a *app) runPlan(ctx context.Context, r workflows.Request) (err error) {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	w, err := a.existingWorld()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	plan, err := activities.Foresee(ctx, w, settings, r)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if err := a.print(plan, func(p *layout.Page) { writePlan(p, plan) }); err != nil {
		return err
	}
	if len(plan.Blockers) > 0 {
		return fmt.Errorf("%w: %s", errBlocked, strings.Join(plan.Blockers, "; "))
	}
	return nil
}

// settings are those of the worker that count in a plan, read from the same
// variables.
func (a *app) settings() (activities.Settings, error) {
	s := activities.Settings{BatchSize: defaultBatchSize, JobTimeout: defaultJobTimeout}
	if text := a.env.Get("REEMBED_BATCH_SIZE"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > activities.MaxBatchSize {
			return s, usage("REEMBED_BATCH_SIZE: %q is not between 1 and %d", text, activities.MaxBatchSize)
		}
		s.BatchSize = n
	}
	if text := a.env.Get("REEMBED_JOB_TIMEOUT_SECONDS"); text != "" {
		var timeout seconds
		if err := timeout.Set(text); err != nil {
			return s, usage("REEMBED_JOB_TIMEOUT_SECONDS: %w", err)
		}
		s.JobTimeout = time.Duration(*timeout.value) * time.Second
	}
	return s, nil
}

func writePlan(p *layout.Page, plan workflows.Plan) {
	p.Pair("plan", plan.Namespace+": "+move(plan.From, plan.To))
	about := ""
	if !plan.ItemsExact {
		about = "about "
	}
	p.Pair("items", about+human.Count(plan.Items))
	p.Pair("already there", fmt.Sprintf("%s of %s, in %s", human.Count(plan.AlreadyThere), human.Count(plan.Items), plan.Locator))
	p.Pair("to embed", "about "+human.Things(plan.ToEmbed, "item"))
	p.Pair("tokens", "about "+human.Count(plan.EstimatedTokens))
	switch {
	case plan.EstimatedCost >= 0.01:
		p.Pair("cost", fmt.Sprintf("about %.2f", plan.EstimatedCost))
	case plan.EstimatedCost > 0:
		p.Pair("cost", "less than 0.01")
	}
	p.Pair("time", "about "+human.Duration(time.Duration(plan.EstimatedTime)))
	p.Pair("room", "about "+human.Bytes(plan.EstimatedBytes))
	p.Pair("judged by", fmt.Sprintf("a sample of %d items", plan.Sampled))
	for _, list := range []struct {
		name  string
		lines []string
	}{{"note", plan.Notes}, {"warning", plan.Warnings}, {"blocker", plan.Blockers}} {
		for _, line := range list.lines {
			p.Pair(list.name, line)
		}
	}
}
