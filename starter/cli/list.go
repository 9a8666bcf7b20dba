package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// listOptions are the flags of list.
type listOptions struct {
	namespace, state string
	limit            int
}

func (a *app) listCommand() *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use: "list", Short: "List jobs, latest first", GroupID: groupJobs,
		Long: `List shows the jobs that Temporal still knows, running and over, as its lists
have them: a moment behind. 'reembed status' is up to date, and knows more. Behind
them stand the soaks that go on, which -o json leaves to 'reembed soak'.`,
		Example: `  reembed list
  reembed list --namespace docs --state running -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runList(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.namespace, "namespace", "", "only jobs of this namespace")
	f.StringVar(&o.state, "state", "", "only jobs in this state: PENDING, RUNNING, COMPLETED, FAILED or CANCELLED, in any case")
	f.IntVar(&o.limit, "limit", 20, "at most so many; 0: all")
	return cmd
}

// listed is one job of `reembed list -o json`.
type listed struct {
	Job        string          `json:"job"`
	Run        string          `json:"run"`
	Namespace  string          `json:"namespace"`
	From       string          `json:"from,omitempty"`
	To         string          `json:"to"`
	Priority   string          `json:"priority,omitempty"`
	State      workflows.State `json:"state"`
	Phase      workflows.Phase `json:"phase,omitempty"`
	DryRun     bool            `json:"dry_run,omitempty"`
	StartedAt  string          `json:"started_at"`
	FinishedAt string          `json:"finished_at,omitempty"`
	WebURL     string          `json:"web_url,omitempty"`
	took       string
	started    string
}

func (a *app) runList(ctx context.Context, o listOptions) error {
	state, err := parseState(o.state)
	if err != nil {
		return err
	}
	if o.limit < 0 {
		return usage("--limit: %d is negative", o.limit)
	}
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	jobs := []listed{} // so that JSON shows [] for none
	for s, err := range c.List(ctx, starter.ListFilter{Namespace: o.namespace, State: state}) {
		if err != nil {
			return err
		}
		jobs = append(jobs, toListed(s, c.WebURL(starter.Handle{ID: s.Job, Run: s.Run})))
		if len(jobs) == o.limit {
			break
		}
	}
	soaks, err := soaking(ctx, c, o.namespace)
	if err != nil {
		return err
	}
	return a.print(jobs, func(p *layout.Page) {
		writeList(p, jobs)
		writeSoaks(p, soaks)
	})
}

// soaking are the soaks that go on, of one namespace or of all.
func soaking(ctx context.Context, c *starter.Client, namespace string) ([]workflows.SoakStatus, error) {
	var all []workflows.SoakStatus
	for s, err := range c.Soaks(ctx) {
		if err != nil {
			return nil, err
		}
		if namespace == "" || s.Namespace == namespace {
			all = append(all, s)
		}
	}
	return all, nil
}

func writeSoaks(p *layout.Page, soaks []workflows.SoakStatus) {
	if len(soaks) == 0 {
		return
	}
	p.Blank()
	t := p.Table(layout.Column{Title: "SOAK"}, layout.Column{Title: "NAMESPACE", Rank: 2}, layout.Column{Title: "MODELS", Rank: 4, Least: 12},
		layout.Column{Title: "PHASE", Rank: 1}, layout.Column{Title: "UNTIL", Rank: 3})
	for _, s := range soaks {
		until := ""
		if s.Until != nil {
			until = when(*s.Until)
		}
		t.Row(s.Soak, s.Namespace, s.Active.Model+", "+s.Standby.Model+" behind it", string(s.Phase), until)
	}
}

func toListed(s workflows.Status, webURL string) listed {
	l := listed{
		Job: s.Job, Run: s.Run, Namespace: s.Namespace, From: s.From, To: s.To, Priority: s.Priority,
		State: s.State, Phase: s.Phase, DryRun: s.DryRun, WebURL: webURL,
		StartedAt: s.StartedAt.UTC().Format(timeJSON), started: when(s.StartedAt),
	}
	if s.FinishedAt != nil {
		l.FinishedAt = s.FinishedAt.UTC().Format(timeJSON)
		l.took = human.Duration(s.FinishedAt.Sub(s.StartedAt))
	}
	return l
}

const timeJSON = "2006-01-02T15:04:05.999Z07:00"

func writeList(p *layout.Page, jobs []listed) {
	if len(jobs) == 0 {
		p.Line("No jobs.")
		return
	}
	t := p.Table(layout.Column{Title: "JOB"}, layout.Column{Title: "NAMESPACE", Rank: 2}, layout.Column{Title: "MODELS", Rank: 4, Least: 12},
		layout.Column{Title: "PRIORITY", Rank: 7}, layout.Column{Title: "STATE", Rank: 1, Least: len(workflows.Completed)},
		layout.Column{Title: "PHASE", Rank: 3}, layout.Column{Title: "STARTED", Rank: 5, Least: len("2006-01-02")}, layout.Column{Title: "TOOK", Rank: 6})
	for _, j := range jobs {
		t.Row(j.Job, j.Namespace, move(j.From, j.To), j.Priority, styled(j.State), j.Phase, j.started, j.took)
	}
}

func parseState(s string) (workflows.State, error) {
	state := workflows.State(strings.ToUpper(s))
	switch state {
	case "", workflows.Pending, workflows.Running, workflows.Completed, workflows.Failed, workflows.Cancelled:
		return state, nil
	}
	return "", usage("--state: %q is none of PENDING, RUNNING, COMPLETED, FAILED, CANCELLED", s)
}
