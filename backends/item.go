package backends

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxIDBytes bounds an item's id.
const MaxIDBytes = 1024

// Item is one searchable unit as its source holds it. One item is one vector:
// chunking is the application's.
type Item struct {
	ID   string
	Text string
	// Payload is whatever the source keeps beside the text, in the source's own
	// bytes; nil where there is none.
	Payload []byte
	// Defect says why this item can't be embedded (a NULL text, for example),
	// without quoting it; empty for a sound item.
	Defect string
}

// Bytes is the memory that the item's contents take.
func (i Item) Bytes() int { return len(i.ID) + len(i.Text) + len(i.Payload) }

// Record is one vector of a generation.
type Record struct {
	ID      string
	Vector  []float32
	Stamp   Stamp
	Payload []byte // only where the generation copies payloads, see Traits
	// Text and Base are of collections alone, see Collection.
	Text string
	Base Base
}

// Stamped is a record without its vector.
type Stamped struct {
	ID    string
	Stamp Stamp
}

// ValidateID returns an ErrInvalidInput for ids that no store may hold: empty,
// over MaxIDBytes, with a NUL byte, or not UTF-8. The error does not quote the id.
func ValidateID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: empty id", ErrInvalidInput)
	case len(id) > MaxIDBytes:
		return fmt.Errorf("%w: id of %d bytes, at most %d", ErrInvalidInput, len(id), MaxIDBytes)
	case strings.IndexByte(id, 0) >= 0:
		return fmt.Errorf("%w: id with a NUL byte", ErrInvalidInput)
	case !utf8.ValidString(id):
		return fmt.Errorf("%w: id is not UTF-8", ErrInvalidInput)
	}
	return nil
}
