package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
)

// Activities hosts the work of jobs. Its exported methods are the activities;
// workflows name them by method value of a nil pointer.
type Activities struct {
	World    *catalog.World
	Temporal client.Client // signals the gate, and looks at who holds a lease
	Settings Settings
	Observer Observer // nil: nobody is told
}

// Settings are a worker's own: they become data of a job in Resolve, or bound
// what one activity takes of the machine.
type Settings struct {
	BatchSize         int           // default of Request.BatchSize; 100
	JobTimeout        time.Duration // default of Request.TimeoutSeconds; 0: none
	MaxConcurrentJobs int           // seeds the gate once; 3
	Concurrency       int           // embedding requests at once in one segment; 4
	MemoryBytes       int64         // in flight in one segment; 64 MiB
	SegmentBudget     time.Duration // how long a segment works before it hands back; 30 s
	RangeItems        int           // the least items of a range; 2,000
	Window            int           // ranges of one job at once; 8
}

// Observer is told what metrics count. Implementations are safe for concurrent use.
type Observer interface {
	JobEnded(state string)
	// Embedded is told after each segment what it did since it last told.
	Synced(c Counts)
}

func later(what string) error {
	return fmt.Errorf("%w: %s", backends.ErrUnsupported, what)
}

// Resolve reads a request strictly, against the catalog.
func (a *Activities) Resolve(ctx context.Context, request json.RawMessage) (Job, error) {
	return Job{}, later("Resolve")
}

// AcquireSlot asks the gate for a slot, and starts the gate where there is none.
// It returns the nonce that the grant will carry.
func (a *Activities) AcquireSlot(ctx context.Context, r SlotRequest) (string, error) {
	return "", later("AcquireSlot")
}

// AcquireLease takes the namespace for the job and returns the epoch. While a
// living job holds it, it is retried.
func (a *Activities) AcquireLease(ctx context.Context, job Job) (int64, error) {
	return 0, later("AcquireLease")
}

// ReleaseLease gives the namespace back; a lease that went to another is left alone.
func (a *Activities) ReleaseLease(ctx context.Context, job Job) error {
	return later("ReleaseLease")
}

// Plan finds out what the job would do. It writes nothing.
func (a *Activities) Plan(ctx context.Context, job Job) (Plan, error) {
	return Plan{}, later("Plan")
}

// Prepare creates the target generation, or goes on from what a former job left.
func (a *Activities) Prepare(ctx context.Context, job Job) error {
	return later("Prepare")
}

// SplitPass cuts the key space of a task into ranges.
func (a *Activities) SplitPass(ctx context.Context, r SplitRequest) (Split, error) {
	return Split{}, later("SplitPass")
}

// SyncSegment does the share of a range of the tasks SyncForward and SyncBackward.
func (a *Activities) SyncSegment(ctx context.Context, r SegmentRequest) (SegmentResult, error) {
	return SegmentResult{}, later("SyncSegment")
}

// VerifySegment does the share of a range of the tasks VerifyForward and VerifyBackward.
func (a *Activities) VerifySegment(ctx context.Context, r SegmentRequest) (SegmentResult, error) {
	return SegmentResult{}, later("VerifySegment")
}

// FinishIndex builds the ANN index of the target generation, where the store has one.
func (a *Activities) FinishIndex(ctx context.Context, job Job) error {
	return later("FinishIndex")
}

// VerifySamples embeds a sample again, measures ANN recall, and asks the golden
// queries. It looks at a few hundred records, not at all.
func (a *Activities) VerifySamples(ctx context.Context, job Job) (Verification, error) {
	return Verification{}, later("VerifySamples")
}

// CheckSwitch returns what stands against the switch: lost lease, quarantined
// items that nobody waived, changed canaries, a route that somebody else moved.
func (a *Activities) CheckSwitch(ctx context.Context, job Job) error {
	return later("CheckSwitch")
}

// Switch moves the namespace's route to the target generation.
func (a *Activities) Switch(ctx context.Context, job Job) (Switched, error) {
	return Switched{}, later("Switch")
}

// RecordOutcome keeps a job's final status in the registry, for the time after
// Temporal's retention.
func (a *Activities) RecordOutcome(ctx context.Context, o Outcome) error {
	return later("RecordOutcome")
}

// WatchJob returns when the job of a slot is over, whatever ended it. The gate's.
func (a *Activities) WatchJob(ctx context.Context, r SlotRequest) error {
	return later("WatchJob")
}

// RecoverGate lists holders and waiters from the memos of the running jobs. The gate's.
func (a *Activities) RecoverGate(ctx context.Context) (GateState, error) {
	return GateState{}, later("RecoverGate")
}
