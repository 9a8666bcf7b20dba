package cli

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// shownStatus is what status, watch and start --wait print as JSON: the status
// of package workflows, and the job's address in the Web UI.
type shownStatus struct {
	workflows.Status
	WebURL string `json:"web_url,omitempty"`
}

func (a *app) printStatus(s workflows.Status, webURL string) error {
	return a.print(shownStatus{s, webURL}, func(p *layout.Page) {
		writeStatus(p, s)
		p.Some("web", webURL)
		if s.Plan != nil && s.DryRun {
			writePlan(p, *s.Plan)
		}
	})
}

func writeStatus(p *layout.Page, s workflows.Status) {
	p.Pair("job", layout.Whole(s.Job))
	p.Pair("namespace", s.Namespace)
	p.Pair("models", move(s.From, s.To))
	p.Pair("state", styled(s.State))
	p.Some("phase", string(s.Phase))
	p.Some("priority", s.Priority)
	p.Some("reason", s.Reason)
	p.Some("code", s.ErrorCode)
	p.Some("to do", advice(s))
	p.Some("retrying", s.LastError)
	p.Pair("started", when(s.StartedAt))
	if s.FinishedAt != nil {
		p.Pair("finished", fmt.Sprintf("%s, after %s", when(*s.FinishedAt), human.Duration(s.FinishedAt.Sub(s.StartedAt))))
	}
	writeWork(p, s)
	if s.Verification != nil {
		p.Pair("verified", verdict(*s.Verification))
		writeQuality(p, s.Verification)
	}
	if c := s.Cutover; c != nil {
		p.Pair("cut over", fmt.Sprintf("told %s by %s", when(c.At), cmp.Or(c.By, "somebody")))
	}
	for _, w := range s.Warnings {
		p.Pair("warning", w)
	}
	if s.Soak != "" && s.State == workflows.Completed {
		p.Pair("soak", "'reembed soak "+s.Namespace+"' shows it, 'reembed rollback "+s.Namespace+"' goes back")
	}
	if s.Route != nil {
		p.Pair("route", fmt.Sprintf("generation %d, %s, model %s", s.Route.Generation, s.Route.Locator, s.Route.Model))
	}
}

func writeWork(p *layout.Page, s workflows.Status) {
	now := s.Progress
	if now.ItemsTotal > 0 && !s.State.Final() {
		line := fmt.Sprintf("%s of %s items (%d%%), pass %d", human.Count(now.ItemsDone), human.Count(now.ItemsTotal), human.Percent(now.ItemsDone, now.ItemsTotal), now.Pass)
		if now.ItemsPerSecond > 0 {
			line += ", " + human.Rate(now.ItemsPerSecond)
		}
		if now.ETASeconds >= 0 {
			line += ", ETA " + human.Duration(time.Duration(now.ETASeconds)*time.Second)
		}
		p.Pair("progress", line)
	}
	if lag := now.NonConverging; lag != nil {
		p.Pair("non-converging", lag.String()+"; since "+when(lag.Since))
	}
	if t := now.Totals; t != (workflows.Counts{}) {
		p.Pair("written", fmt.Sprintf("%s, %s deleted, %s quarantined", human.Things(t.Written, "vector"), human.Count(t.Deleted), human.Count(t.Quarantined)))
		p.Pair("embedded", fmt.Sprintf("%s in %s, %s; %s took an equal text's vector",
			human.Things(t.Embedded, "text"), human.Things(t.Requests, "request"), human.Things(t.Tokens, "token"), human.Count(t.Shared)))
	}
}

func verdict(v workflows.Verification) string {
	return fmt.Sprintf("%s, %s: %s", human.Things(v.Items, "item"), human.Things(v.Records, "record"), v.Summary())
}

func writeQuality(p *layout.Page, v *workflows.Verification) {
	if v.Quality == nil {
		return
	}
	line := fmt.Sprintf("nDCG@10 %.3f, recall@10 %.3f over %d queries", v.Quality.After.NDCG10, v.Quality.After.Recall10, v.Quality.Queries)
	if b := v.Quality.Before; b != nil {
		line += fmt.Sprintf(" (before: %.3f, %.3f)", b.NDCG10, b.Recall10)
	}
	p.Pair("quality", line)
	for _, failed := range slices.Sorted(slices.Values(v.Quality.Failed)) {
		p.Pair("", failed)
	}
}

func move(from, to string) string {
	if from == "" {
		return "to " + to
	}
	return from + " to " + to
}
