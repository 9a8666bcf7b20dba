package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"
)

// look is the soak's status as of now.
func (s *soak) look() SoakStatus {
	out := s.Status
	out.Phase = s.Machine.Phase
	out.Rollback = out.rollback()
	return out
}

// show tells lists and the Web UI where the soak is: at changes of phase.
func (s *soak) show(ctx workflow.Context) {
	s.details(ctx)
	memo := SoakMemo{
		Namespace: s.plan.Namespace, Active: s.Status.Active.Model, Standby: s.Status.Standby.Model,
		Phase: s.Machine.Phase, Until: s.Status.Until,
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{MemoSoak: memo}); err != nil {
		workflow.GetLogger(ctx).Error("upsert memo", "key", MemoSoak, "error", err)
	}
}

// details sets the Markdown that the Web UI shows.
func (s *soak) details(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, s.look().markdown())
}

func (s SoakStatus) markdown() string {
	out := fmt.Sprintf("**%s**: active %s, former %s\n\n", s.Phase, s.Active.Model, s.Standby.Model)
	if s.Until != nil {
		out += "- until " + s.Until.UTC().Format("2006-01-02 15:04:05 MST") + "\n"
	}
	for _, side := range []struct {
		what string
		SoakSide
	}{{"active", s.Active}, {"former", s.Standby}} {
		out += fmt.Sprintf("- %s `%s`: written %d, deleted %d", side.what, side.Locator, side.Totals.Written, side.Totals.Deleted)
		if side.ErrorCode != "" {
			out += fmt.Sprintf("; not in step, lacks %s: %s: %s", items(side.Pending), side.ErrorCode, side.LastError)
		}
		if side.Warning != "" {
			out += "; " + side.Warning
		}
		out += "\n"
	}
	for _, line := range [][2]string{{"rollback", s.Rollback}, {"reason", s.Reason}, {"refused", s.Refused}, {"last error", s.LastError}} {
		if line[1] != "" {
			out += "- " + line[0] + ": " + line[1] + "\n"
		}
	}
	return out
}

func items(n int64) string {
	if n < 0 {
		return "an unknown number of items"
	}
	return fmt.Sprintf("%d items", n)
}
