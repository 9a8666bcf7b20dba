package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// soakOptions are the flags of soak.
type soakOptions struct {
	end    bool
	reason string
}

func (a *app) soakCommand() *cobra.Command {
	var o soakOptions
	cmd := &cobra.Command{
		Use: "soak NAMESPACE", Short: "Show the soak of a namespace's last switch", GroupID: groupJobs,
		Long: `Behind a switch the former generation is kept in step for a while, for a rollback:
the soak. Soak shows how long it goes on, how both generations are, and what a
rollback would find now; of a soak that is over, how it ended.

It ends with its window, with 'reembed rollback', with 'reembed retire', or with
--end, which drops nothing.`,
		Example: `  reembed soak docs
  reembed soak docs -o json | jq .rollback
  reembed soak docs --end --reason "all is well"`,
		Args: needs("NAMESPACE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runSoak(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.end, "end", false, "end the soak now: both generations stay, and nothing keeps them in step any more")
	cmd.Flags().StringVar(&o.reason, "reason", "", "with --end: why; kept with the soak")
	return cmd
}

func (a *app) runSoak(ctx context.Context, namespace string, o soakOptions) error {
	if o.reason != "" && !o.end {
		return usage("--reason goes with --end")
	}
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var s workflows.SoakStatus
	if o.end {
		s, err = c.EndSoak(ctx, namespace, workflows.EndRequest{Reason: o.reason})
	} else {
		s, err = c.Soak(ctx, namespace)
	}
	if err != nil {
		return err
	}
	return a.printSoak(c, s)
}

// shownSoak is what soak, rollback and retire print as JSON.
type shownSoak struct {
	workflows.SoakStatus
	WebURL string `json:"web_url,omitempty"`
}

func (a *app) printSoak(c *starter.Client, s workflows.SoakStatus) error {
	webURL := c.WebURL(starter.Handle{ID: s.Soak, Run: s.Run})
	return a.print(shownSoak{s, webURL}, func(p *layout.Page) {
		writeSoak(p, s)
		p.Some("web", webURL)
	})
}

func writeSoak(p *layout.Page, s workflows.SoakStatus) {
	p.Pair("namespace", s.Namespace)
	p.Pair("phase", layout.Styled{Value: s.Phase, Style: phaseStyle(s.Phase)})
	p.Pair("active", place(s.Active))
	p.Pair("former", place(s.Standby))
	p.Some("rollback", s.Rollback)
	p.Some("reason", s.Reason)
	p.Some("refused", s.Refused)
	p.Some("retrying", s.LastError)
	p.Pair("switched by", layout.Whole(s.Job))
	if s.Since != nil {
		p.Pair("since", when(*s.Since))
	}
	if s.Until != nil && s.FinishedAt == nil {
		p.Pair("until", when(*s.Until))
	}
	if s.FinishedAt != nil {
		p.Pair("finished", when(*s.FinishedAt))
	}
	writeSide(p, "active", s.Active, s.FinishedAt != nil)
	writeSide(p, "former", s.Standby, s.FinishedAt != nil)
	if s.Verification != nil {
		p.Pair("verified", verdict(*s.Verification))
	}
	if s.Route != nil {
		p.Pair("route", fmt.Sprintf("generation %d, %s, model %s", s.Route.Generation, s.Route.Locator, s.Route.Model))
	}
	for _, w := range s.Warnings {
		p.Pair("warning", w)
	}
}

// writeSide shows what a generation's keeper says.
func writeSide(p *layout.Page, what string, s workflows.SoakSide, over bool) {
	switch {
	case s.ErrorCode != "":
		lacks := "an unknown number of items"
		if s.Pending >= 0 {
			lacks = human.Things(s.Pending, "item")
		}
		p.Pair(what+" lacks", fmt.Sprintf("%s, since %s: %s: %s", lacks, when(*s.FailingSince), s.ErrorCode, s.LastError))
	case s.SyncedAt != nil:
		p.Pair(what+" in step", fmt.Sprintf("as of %s; %s written, %s deleted", when(*s.SyncedAt), human.Count(s.Totals.Written), human.Count(s.Totals.Deleted)))
	case !over:
		p.Pair(what+" in step", "not yet: the first sync behind the switch is under way")
	}
	p.Some("warning", s.Warning)
}

func place(s workflows.SoakSide) string {
	if s.Generation == 0 {
		return fmt.Sprintf("%s, model %s", s.Locator, s.Model)
	}
	return fmt.Sprintf("generation %d, %s, model %s", s.Generation, s.Locator, s.Model)
}

func phaseStyle(p workflows.SoakPhase) layout.Style {
	switch {
	case p == workflows.SoakRetired || p == workflows.SoakReversed:
		return layout.Good
	case p.Final():
		return layout.Faint
	}
	return layout.Warn
}
