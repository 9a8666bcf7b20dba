package backends

import "context"

// MaxEntryBytes bounds a record's value.
const MaxEntryBytes = 256 << 10

// Entry is one versioned record of a Registry.
type Entry struct {
	Kind    string // "route", "lease", ...: see packages route and records
	Key     string
	Version int64
	Value   []byte // JSON, at most MaxEntryBytes
}

// Registry keeps small versioned records, changed by compare-and-swap only.
// Implementations are safe for concurrent use from several processes. Every
// method may return ErrUnavailable.
type Registry interface {
	Ping(ctx context.Context) error
	// Get returns the record, or ErrNotFound.
	Get(ctx context.Context, kind, key string) (Entry, error)
	// Put writes value if the record has still the version (0: if there is no
	// such record), and returns the new one; else ErrConflict, and nothing is
	// written. ErrInvalidInput above MaxEntryBytes. Versions of a key grow, and none comes twice, also across a Delete.
	Put(ctx context.Context, kind, key string, version int64, value []byte) (int64, error)
	// Delete removes the record if it has still the version, else ErrConflict.
	// An absent record is no error.
	Delete(ctx context.Context, kind, key string, version int64) error
	// List returns at most limit records of the kind whose key starts with
	// prefix and is greater than after, in byte order of their keys.
	List(ctx context.Context, kind, prefix, after string, limit int) ([]Entry, error)
}
