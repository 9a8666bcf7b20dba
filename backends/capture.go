package backends

import "context"

// CaptureKind is how a source notices changes.
type CaptureKind string

// The kinds.
const (
	// CaptureJournal: the store itself writes each change down, in the change's own transaction.
	CaptureJournal CaptureKind = "journal"
	// CaptureChangedAt: the application keeps a time of the last change in each item.
	CaptureChangedAt CaptureKind = "changed_at"
)

// CaptureTraits is what a source declares about how it notices changes.
type CaptureTraits struct {
	Kind CaptureKind
	// Deletes: items that were deleted are among the changes. Where they are not,
	// only a backward sweep finds their records.
	Deletes bool
}

// Change names an item that was inserted, changed or deleted.
type Change struct {
	ID string
	// Mark tells this change from a later one of the same item; opaque, and valid
	// for the consumer that it was given to.
	Mark string
}

// Changes is a page of changes.
type Changes struct {
	Items []Change
	Next  Cursor // where to go on; set also when Done
	Done  bool   // nothing was behind this page when it was read
}

// Consumer is one who has changes kept.
type Consumer struct {
	Name    string
	Pending int64 // changes that were not acknowledged; -1 where they are not counted, or lost
}

// Capture is the ability of a source to tell what changed, so that catching up
// costs what changed and not what exists. It only makes sync cheaper: whatever
// it tells or misses, a vector is right by its stamp. Consumers are named; each
// has its own changes. Every method may return ErrUnavailable.
//
// ErrChangesLost from Changes or Acknowledge: changes of this consumer
// are not known any more, because it was never subscribed, fell behind its cap,
// or somebody took away what captures. Who gets it subscribes anew and makes a
// full pass.
type Capture interface {
	CaptureTraits() CaptureTraits
	// Subscribe has changes kept for the consumer: of each that is committed after
	// Subscribe returned. Idempotent: a consumer that is there keeps what is kept
	// for it; one whose changes are lost begins anew. ErrNotFound (there is no table),
	// ErrUnauthorized, ErrUnsupported.
	Subscribe(ctx context.Context, consumer string) error
	// Changes returns at most limit of the consumer's changes that were not
	// acknowledged, behind the cursor ("": the first ones). An item that changed often
	// may be there once or often. Reading acknowledges nothing. ErrInvalidInput: a
	// limit below 1, or a cursor that is not of this consumer.
	Changes(ctx context.Context, consumer string, after Cursor, limit int) (Changes, error)
	// Acknowledge forgets exactly these changes; a later change of the same item,
	// which has another mark, stays. Idempotent. It is called when the item's
	// record is right, or gone with it.
	Acknowledge(ctx context.Context, consumer string, done []Change) error
	// Unsubscribe forgets the consumer with all that is kept for it; an unknown one is no error.
	Unsubscribe(ctx context.Context, consumer string) error
	// Consumers lists who is subscribed, by name.
	Consumers(ctx context.Context) ([]Consumer, error)
}

// ConditionalWriter is the ability of a generation to write only what is still
// so in the source, in one step with looking: no older text's vector lands
// behind a change, and no record of an item that came back is deleted.
type ConditionalWriter interface {
	// UpsertCurrent is Upsert of those records whose items have still the text that
	// Stamp.Content is the hash of. The others are not written, and their ids returned.
	UpsertCurrent(ctx context.Context, records []Record) (moved []string, err error)
	// DeleteAbsent is Delete of those ids that the source does not have. The others
	// are not deleted, and returned.
	DeleteAbsent(ctx context.Context, ids []string) (there []string, err error)
}
