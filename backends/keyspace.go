package backends

import "context"

// Key is a boundary of a store's key space. Keys are opaque: only the store
// that made one compares it. Every Key is valid UTF-8 without NUL, so that it
// travels in JSON; "" stands for the open end of a range.
type Key string

// Range is the half-open interval [From, To) of a key space. An empty From is
// its beginning, an empty To its end.
type Range struct {
	From Key `json:"from,omitempty"`
	To   Key `json:"to,omitempty"`
}

// Cursor is a place inside a range; "" is the range's beginning. It is opaque,
// valid UTF-8, and stays usable after inserts, deletes, restarts and crashes,
// also when the item it was made from is gone.
type Cursor string

// PageLimit bounds a page: it ends before it would exceed either bound, but
// holds at least one item.
type PageLimit struct {
	Items int // at least 1
	Bytes int // of texts and payloads; 0 means no bound
}

// Page is what one read of a range returned.
type Page[T any] struct {
	Items []T
	Next  Cursor // where to go on; set also when Done
	Done  bool   // the range has nothing behind this page
}

// Splitter cuts a key space into ranges.
type Splitter interface {
	// Split returns at most limit boundaries greater than after, in key order,
	// so that about size items lie between neighbours. Fewer than limit (or
	// none) means that no boundary follows. The ranges [after, b1), [b1, b2),
	// ... [bn, "") are disjoint and cover everything from after on.
	// size and limit are at least 1.
	// Errors: ErrUnavailable, ErrInvalidInput (a key that is not of this store).
	Split(ctx context.Context, after Key, size, limit int) ([]Key, error)
}
