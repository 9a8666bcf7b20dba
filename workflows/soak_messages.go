package workflows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/reembed/reembed/activities"
)

// Messages of a soak. Its query is QueryStatus -> SoakStatus, its signal
// SignalCancel -> CancelRequest: it ends the soak, and nothing is dropped.
const (
	SoakWorkflowName = activities.SoakWorkflowName

	UpdateRollback = "rollback" // RollbackRequest -> SoakStatus
	UpdateRetire   = "retire"   // RetireRequest -> SoakStatus
	UpdateEnd      = "end"      // EndRequest -> SoakStatus

	MemoSoak = "soak" // SoakMemo
)

// SoakID is the workflow id of a namespace's soak.
func SoakID(namespace string) string { return activities.SoakID(namespace) }

// SoakPlan is the input of a SoakWorkflow.
type SoakPlan = activities.SoakPlan

// StepResult is what the keepers of a soak's generations report; the details of
// their activity's heartbeat.
type StepResult = activities.StepResult

// KeepInStepName is the type of that activity.
const KeepInStepName = "KeepInStep"

// RollbackRequest is the payload of the rollback update.
type RollbackRequest struct {
	// Stale accepts that the former generation can't be brought in step: what
	// changed since it was is not found behind the rollback.
	Stale bool `json:"stale,omitempty"`
	// Waive names items that the former model can't embed, and that may be without
	// a vector behind the rollback.
	Waive []string `json:"waive,omitempty"`
}

// RetireRequest is the payload of the retire update.
type RetireRequest struct {
	// Locator is the generation that the asker means to drop; refused when the
	// former one is another. Empty: whichever it is.
	Locator string `json:"locator,omitempty"`
}

// EndRequest is the payload of the end update.
type EndRequest struct {
	Reason string `json:"reason,omitempty"`
}

// SoakSide is one generation of a soak.
type SoakSide struct {
	Model      string `json:"model"`
	Locator    string `json:"locator"`
	Generation int64  `json:"generation,omitempty"` // of the route that points or pointed at it
	// SyncedAt: every change from before this time is in the generation. Absent
	// until the first sync of the soak is through.
	SyncedAt *time.Time `json:"synced_at,omitempty"`
	// Syncing: a pass over everything is under way.
	Syncing bool `json:"syncing,omitempty"`
	// ErrorCode and LastError say why it can't be kept in step, since FailingSince.
	ErrorCode    string     `json:"error_code,omitempty"`
	LastError    string     `json:"last_error,omitempty"`
	FailingSince *time.Time `json:"failing_since,omitempty"`
	// Pending is how many items it lacks while it can't be kept in step; -1: not known.
	Pending int64  `json:"pending"`
	Warning string `json:"warning,omitempty"` // the model does not answer as it did
	Totals  Counts `json:"totals"`            // of the soak
}

// SoakStatus is all that is known of a soak: the answer to its status query and
// its result.
type SoakStatus struct {
	Soak         string        `json:"soak"` // workflow id
	Run          string        `json:"run"`  // first run id
	Namespace    string        `json:"namespace"`
	Job          string        `json:"job"` // that switched
	Phase        SoakPhase     `json:"phase"`
	Active       SoakSide      `json:"active"`
	Standby      SoakSide      `json:"standby"`
	ArmedAt      time.Time     `json:"armed_at"`
	Since        *time.Time    `json:"since,omitempty"` // when the soaking began
	Until        *time.Time    `json:"until,omitempty"` // when the window ends
	FinishedAt   *time.Time    `json:"finished_at,omitempty"`
	Reason       string        `json:"reason,omitempty"`   // what it waits for, or why it ended
	Rollback     string        `json:"rollback,omitempty"` // what a rollback would find now
	Refused      string        `json:"refused,omitempty"`  // why the last rollback or retire did not happen
	LastError    string        `json:"last_error,omitempty"`
	Warnings     []string      `json:"warnings,omitempty"`     // what went wrong without undoing the rollback
	Verification *Verification `json:"verification,omitempty"` // of the former generation, before a rollback
	Route        *Route        `json:"route,omitempty"`        // as the soak knows it
}

// SoakMemo is what lists show of a soak without asking it.
type SoakMemo struct {
	Namespace string     `json:"namespace"`
	Active    string     `json:"active"`  // model
	Standby   string     `json:"standby"` // model
	Phase     SoakPhase  `json:"phase"`
	Until     *time.Time `json:"until,omitempty"`
}

// decodeUpdate reads an update's payload strictly; none is as good as {}.
func decodeUpdate(raw json.RawMessage, v any) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	//workflowcheck:ignore decoding JSON into a plain struct
	if err := dec.Decode(v); err != nil {
		return fail(activities.CodeInvalidRequest, "payload: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	//workflowcheck:ignore looks at bytes only
	if _, err := dec.Token(); err != io.EOF {
		return fail(activities.CodeInvalidRequest, "payload: more than one JSON value")
	}
	return nil
}

// describes what a rollback would find, in words.
func (s SoakStatus) rollback() string {
	side := s.Standby
	switch {
	case s.Phase != SoakSoaking && s.Phase != SoakReversing:
		return ""
	case side.ErrorCode != "" && side.Pending > 0:
		return fmt.Sprintf("would be stale by %d items: model %s can't be used (%s)", side.Pending, side.Model, side.ErrorCode)
	case side.ErrorCode != "" && side.Pending < 0:
		return fmt.Sprintf("would be stale by an unknown number of items: model %s can't be used (%s)", side.Model, side.ErrorCode)
	case side.ErrorCode != "":
		return fmt.Sprintf("would be stale from the next change on: model %s can't be used (%s)", side.Model, side.ErrorCode)
	case side.SyncedAt == nil:
		return "has to wait until the former generation is in step"
	}
	return "loses nothing"
}
