package activities

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/reembed/reembed/backends"
)

// Request is what a job is asked for: the only input of a ReembedWorkflow, and
// what `temporal workflow start --input` takes. Unknown fields are refused.
type Request struct {
	Namespace string `json:"namespace"`
	To        string `json:"to"` // the target model's name in the catalog
	// From is the model that the asker believes to be active; a job is refused
	// when it is another. Empty: whichever is active.
	From      string   `json:"from,omitempty"`
	Priority  Priority `json:"priority,omitempty"`
	BatchSize int      `json:"batch_size,omitempty"` // inputs of one embedding request; 0: REEMBED_BATCH_SIZE
	// TimeoutSeconds bounds the running time, waits left out. Absent:
	// REEMBED_JOB_TIMEOUT_SECONDS; 0: no bound.
	TimeoutSeconds *int64 `json:"timeout_seconds,omitempty"`
	DryRun         bool   `json:"dry_run,omitempty"` // plan, write nothing
	// MaxFailedItems is how many items may be quarantined before the job fails. Absent: 100.
	MaxFailedItems *int64 `json:"max_failed_items,omitempty"`
	// Waive names quarantined items without which the switch may happen.
	Waive []string `json:"waive,omitempty"`
	// ForeignStamps says what is done about records in the active and in the target
	// generation that carry no stamp, or another model's. Absent: the job is refused.
	ForeignStamps ForeignStamps `json:"foreign_stamps,omitempty"`
	// Cutover says who decides that the job switches: itself, or a person, who
	// sends it the update "cutover" when it is ready. Absent: auto.
	Cutover Cutover `json:"cutover,omitempty"`
	// CutoverWindow is when it may switch, like "02:00-04:00 Europe/Berlin". Absent: at any time.
	CutoverWindow string `json:"cutover_window,omitempty"`
	// MaxVerifyAgeSeconds is how old the verification may be at the switch; an older
	// one is repeated. Absent: 3600.
	MaxVerifyAgeSeconds *int64 `json:"max_verify_age_seconds,omitempty"`
	// SoakSeconds is how long the former generation is kept in step behind the
	// switch, for a rollback. Absent: REEMBED_SOAK_SECONDS; 0: not at all.
	SoakSeconds *int64 `json:"soak_seconds,omitempty"`
	// EndSoak ends the soak that the namespace is in; without it the job is refused.
	EndSoak bool `json:"end_soak,omitempty"`
}

// ForeignStamps says what is done about records of which nobody knows what made them.
type ForeignStamps string

// What is done.
const (
	StampsRefuse ForeignStamps = "refuse" // the job stops in planning
	StampsStale  ForeignStamps = "stale"  // they are embedded again, as any that is stale
)

// Cutover says who decides that a job switches.
type Cutover string

// Who decides.
const (
	CutoverAuto   Cutover = "auto"   // the job, as soon as nothing stands against it
	CutoverManual Cutover = "manual" // a person
)

// DefaultMaxVerifyAge is how old a verification may be at the switch, where the job does not say.
const DefaultMaxVerifyAge = time.Hour

// Bounds of a request's numbers.
const (
	MaxBatchSize          = 2048
	MaxTimeoutSeconds     = 365 * 24 * 3600
	MaxSoakSeconds        = 365 * 24 * 3600
	DefaultMaxFailedItems = 100
	maxWaived             = 1000
	// maxWaivedBytes bounds their ids: a job carries them twice from run to run,
	// and the server takes no more than 2 MB.
	maxWaivedBytes = 256 << 10
)

// DecodeRequest reads a request strictly: what it does not know it refuses, and
// says which field.
func DecodeRequest(raw []byte) (Request, error) {
	if err := checkFields(raw); err != nil {
		return Request{}, err
	}
	var r Request
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return Request{}, fmt.Errorf("%w: request: %s", backends.ErrInvalidInput, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); err != io.EOF {
		return Request{}, fmt.Errorf("%w: request: more than one JSON value", backends.ErrInvalidInput)
	}
	return r, r.validate()
}

func (r Request) validate() error {
	refuse := func(field, format string, args ...any) error {
		return fmt.Errorf("%w: request field %q: %s", backends.ErrInvalidInput, field, fmt.Sprintf(format, args...))
	}
	switch {
	case r.Namespace == "":
		return refuse("namespace", "is missing")
	case r.To == "":
		return refuse("to", "is missing: name the target model")
	case r.BatchSize < 0 || r.BatchSize > MaxBatchSize:
		return refuse("batch_size", "%d is not between 1 and %d", r.BatchSize, MaxBatchSize)
	case r.TimeoutSeconds != nil && (*r.TimeoutSeconds < 0 || *r.TimeoutSeconds > MaxTimeoutSeconds):
		return refuse("timeout_seconds", "%d is not between 0 (none) and %d", *r.TimeoutSeconds, MaxTimeoutSeconds)
	case r.SoakSeconds != nil && (*r.SoakSeconds < 0 || *r.SoakSeconds > MaxSoakSeconds):
		return refuse("soak_seconds", "%d is not between 0 (no soak) and %d", *r.SoakSeconds, MaxSoakSeconds)
	case r.MaxFailedItems != nil && *r.MaxFailedItems < 0:
		return refuse("max_failed_items", "%d is negative", *r.MaxFailedItems)
	case r.ForeignStamps != "" && r.ForeignStamps != StampsRefuse && r.ForeignStamps != StampsStale:
		return refuse("foreign_stamps", "%q is neither %s nor %s", r.ForeignStamps, StampsRefuse, StampsStale)
	case r.Cutover != "" && r.Cutover != CutoverAuto && r.Cutover != CutoverManual:
		return refuse("cutover", "%q is neither %s nor %s", r.Cutover, CutoverAuto, CutoverManual)
	case r.MaxVerifyAgeSeconds != nil && (*r.MaxVerifyAgeSeconds < 1 || *r.MaxVerifyAgeSeconds > MaxTimeoutSeconds):
		return refuse("max_verify_age_seconds", "%d is not between 1 and %d", *r.MaxVerifyAgeSeconds, MaxTimeoutSeconds)
	case len(r.Waive) > maxWaived:
		return refuse("waive", "%d ids, at most %d", len(r.Waive), maxWaived)
	case len(strings.Join(r.Waive, "")) > maxWaivedBytes:
		return refuse("waive", "ids of %d bytes, at most %d", len(strings.Join(r.Waive, "")), maxWaivedBytes)
	}
	if _, err := ParsePriority(string(r.Priority)); err != nil {
		return refuse("priority", "%q is none of LOW, MEDIUM, HIGH, CRITICAL", r.Priority)
	}
	if r.CutoverWindow == "" {
		return nil
	}
	if _, err := ParseWindow(r.CutoverWindow); err != nil {
		return refuse("cutover_window", "%s", strings.TrimPrefix(err.Error(), backends.ErrInvalidInput.Error()+": "))
	}
	return nil
}
