package backends

import "context"

// Source reads a namespace's items. Implementations are safe for concurrent use.
// Every method may return ErrUnavailable; none changes anything.
type Source interface {
	// Ping reports whether the source can be read now. ErrNotFound when the
	// table (or what stands for it) does not exist.
	Ping(ctx context.Context) error
	// Count returns the number of items; exact says whether it was counted or estimated.
	Count(ctx context.Context) (n int64, exact bool, err error)
	Splitter
	// ReadPage reads items of r behind the cursor, in key order. In a sweep over
	// a range each item that exists throughout is returned exactly once; one
	// that comes or goes meanwhile at most once. ErrInvalidInput: a limit of no
	// items, or a key or cursor that is not of this store.
	ReadPage(ctx context.Context, r Range, after Cursor, limit PageLimit) (Page[Item], error)
	// Lookup returns those of the items that exist, in any order. A duplicate id
	// is returned once; an unknown one is no error.
	Lookup(ctx context.Context, ids []string) ([]Item, error)
}

// ItemWriter is the ability of a source to take items: for import and for tests.
type ItemWriter interface {
	// PutItems inserts or replaces items by id, all or none of them. Idempotent.
	// ErrInvalidInput names the position of the first id that ValidateID refuses.
	PutItems(ctx context.Context, items []Item) error
	// DeleteItems removes items; unknown ids are no error.
	DeleteItems(ctx context.Context, ids []string) error
}
