package backends

import (
	"cmp"
	"context"
	"strings"
	"time"
)

// GenerationSpec is what a generation is created as. It never changes.
type GenerationSpec struct {
	Locator     string `json:"locator"` // the immutable physical name, from Index.Locator
	Model       string `json:"model"`   // the catalog's name at creation, for people
	Fingerprint string `json:"fingerprint"`
	Dimensions  int    `json:"dimensions"`
	Metric      Metric `json:"metric"`
}

// SpecOf is the spec of a model's generation at a locator.
func SpecOf(m Model, locator string) GenerationSpec {
	return GenerationSpec{
		Locator: locator, Model: m.Name, Fingerprint: m.Fingerprint(),
		Dimensions: m.Dimensions, Metric: m.Metric,
	}
}

// MaxWriteTimeout bounds one write to a generation.
const MaxWriteTimeout = time.Minute

// IndexTraits is what a driver declares about its generations.
type IndexTraits struct {
	// CopiesPayload: a record holds its item's payload, and stamps its hash.
	CopiesPayload bool
	// ANN: Finish builds an approximate index; without it every search is exact.
	ANN bool
	// MaxDimensions that the store takes; 0 means MaxDimensions of this package.
	MaxDimensions int
	// WriteTimeout is what one write may take, waits included: an attempt at it
	// that is given up on lands within it or never. 0, and the most, is MaxWriteTimeout.
	WriteTimeout time.Duration
	// ForeignWriters says what an application that writes vectors beside
	// reembed can do unseen; shown by catalog check.
	ForeignWriters string
}

// Index holds the generations of one namespace. Implementations are safe for
// concurrent use. Every method may return ErrUnavailable.
type Index interface {
	Ping(ctx context.Context) error
	Traits() IndexTraits
	// Locator returns the physical name of the model's generation: the same for
	// the same fingerprint, so that a later job goes on from what a former one
	// left, and different for different fingerprints. It only computes.
	Locator(m Model) string
	// Generations lists what exists, by locator. Foreign tables are not listed.
	Generations(ctx context.Context) ([]GenerationSpec, error)
	// Create makes an empty generation and opens it, or opens the one that is
	// there. Idempotent. ErrConflict when the locator holds another fingerprint,
	// dimensions or metric; ErrDimension above the store's limit.
	Create(ctx context.Context, spec GenerationSpec) (Generation, error)
	// Open returns an existing generation, or ErrNotFound.
	Open(ctx context.Context, locator string) (Generation, error)
	// Finish builds what searches need after the copy and returns when it is
	// complete. What was written before survives the loss of a machine from then
	// on, also in stores that write more loosely otherwise: a route is switched
	// only to what Finish returned for. Idempotent; ErrNotFound.
	Finish(ctx context.Context, locator string) error
	// Drop removes a generation. Idempotent: an unknown locator is no error.
	Drop(ctx context.Context, locator string) error
}

// GenerationInfo is what a store knows of a generation.
type GenerationInfo struct {
	GenerationSpec
	CreatedAt time.Time `json:"created_at,omitzero"` // zero where the store does not know
	Records   int64     `json:"records"`             // may be an estimate
	Bytes     int64     `json:"bytes"`               // on disk, or in memory; -1 where the store does not know
}

// Describer is the ability of an index to tell of a generation more than its spec.
type Describer interface {
	// Describe looks at one generation; ErrNotFound.
	Describe(ctx context.Context, locator string) (GenerationInfo, error)
}

// Publisher is the ability of an index to show the active generation under one
// name that never changes (an alias, a view), for who can't read routes. A
// client that embeds before a switch and searches behind it asks the wrong
// space there: a route has no such gap.
type Publisher interface {
	// Publish points the catalog's name at the generation. Idempotent; ErrNotFound.
	Publish(ctx context.Context, locator string) error
	// Published returns the locator that the name points at; ErrNotFound when at none.
	Published(ctx context.Context) (locator string, err error)
}

// Query asks a generation for its nearest records.
type Query struct {
	Vector []float32
	K      int
	Exact  bool // compare with every vector, also where an ANN index exists
}

// Hit is one answer; hits are sorted by descending score, then by id.
type Hit struct {
	ID    string  `json:"id"`
	Score float64 `json:"score"`
}

// CompareHits is the order of hits, for slices.SortFunc.
func CompareHits(a, b Hit) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.ID, b.ID))
}

// Generation is one complete set of vectors of a namespace, of one fingerprint.
// Implementations are safe for concurrent use. What a call wrote is visible to
// every later call, from any process. Every method may return ErrUnavailable,
// and ErrNotFound once the generation was dropped.
type Generation interface {
	Spec() GenerationSpec
	// Stamps returns the stamps of those of the ids that exist. A record whose
	// stored stamp is not one of ours is returned with the zero Stamp.
	Stamps(ctx context.Context, ids []string) (map[string]Stamp, error)
	Splitter
	// ReadStamps reads ids and stamps of r behind the cursor, in key order,
	// with the same promise and errors as Source.ReadPage. limit.Bytes is ignored.
	ReadStamps(ctx context.Context, r Range, after Cursor, limit PageLimit) (Page[Stamped], error)
	// Fetch returns whole records of those of the ids that exist, in any order.
	Fetch(ctx context.Context, ids []string) ([]Record, error)
	// Upsert writes records by id, vector and stamp in one step, all or none of
	// the call's records. Idempotent. ErrDimension, ErrInvalidVector (NaN or
	// infinite) and ErrInvalidInput (id) write nothing.
	Upsert(ctx context.Context, records []Record) error
	// SetPayload rewrites payload and stamp of existing records and keeps their
	// vectors; ids that don't exist are skipped. ErrUnsupported without
	// Traits.CopiesPayload.
	SetPayload(ctx context.Context, records []Record) error
	// Delete removes records; unknown ids are no error.
	Delete(ctx context.Context, ids []string) error
	// Count is the exact number of records.
	Count(ctx context.Context) (int64, error)
	// Search returns at most q.K hits. ErrDimension when the query's length is
	// not the generation's; ErrInvalidVector when it is NaN or infinite;
	// ErrInvalidInput when K < 1.
	Search(ctx context.Context, q Query) ([]Hit, error)
}
