package workflows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/activities"
)

// maxBy bounds who a person says to be.
const maxBy = 200

// mayCutOver refuses the cutover update where it means nothing: it is no wish for
// later, since whoever sends it has looked at what the job shows now.
func (r *run) mayCutOver(_ workflow.Context, raw json.RawMessage) error {
	if _, err := parseCutover(raw); err != nil {
		return refusal("%s", err)
	}
	switch m := r.Machine; {
	case r.Job.DryRun:
		return refusal("job %s is a dry run: it does not switch", r.Job.ID)
	case m.State.Final():
		return refusal("job %s is over: it is %s", r.Job.ID, m.State)
	case m.Phase == Switching || m.Phase == Switched:
		return refusal("job %s switches already: it is in phase %s", r.Job.ID, m.Phase)
	case r.cancelled != nil || r.timedOut:
		return refusal("job %s is ending", r.Job.ID)
	case r.Status.Cutover != nil:
		return nil
	case r.Job.Namespace != "" && r.Job.Cutover != activities.CutoverManual:
		return refusal("job %s waits for nobody: it was not started with cutover manual, and switches by itself", r.Job.ID)
	case m.Phase != Ready:
		return refusal("job %s is in phase %s: it can be told to switch when it is %s", r.Job.ID, m.Phase, Ready)
	}
	return nil
}

// cutOver takes note that a person said that the job may switch. Said again, it
// changes nothing.
func (r *run) cutOver(ctx workflow.Context, raw json.RawMessage) (CutoverOrder, error) {
	if r.Status.Cutover == nil {
		c, err := parseCutover(raw)
		if err != nil {
			return CutoverOrder{}, refusal("%s", err)
		}
		r.Status.Cutover = &CutoverOrder{By: c.By, At: workflow.Now(ctx)}
		r.details(ctx)
	}
	return *r.Status.Cutover, nil
}

// parseCutover reads an update's payload strictly; that there is none is a payload, too.
func parseCutover(raw json.RawMessage) (c CutoverRequest, err error) {
	if len(raw) == 0 {
		return c, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	//workflowcheck:ignore decoding JSON into a plain struct
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("payload of the update: %s; it is {\"by\": \"who says so\"}, or none", strings.TrimPrefix(err.Error(), "json: "))
	}
	if len(c.By) > maxBy {
		return c, fmt.Errorf("payload of the update: \"by\" has %d bytes, at most %d", len(c.By), maxBy)
	}
	return c, nil
}

// refusal is what an update is refused with.
func refusal(format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), CodeRefused, nil)
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/:@+=-]+$`)

// shellWord quotes an id for a command that people copy.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
