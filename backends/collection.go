package backends

import (
	"context"
	"strings"
)

// SelfContained is the ability of an index whose generations hold their items
// themselves: there is no source beside them. Each of its generations is a
// [Collection], and the active one is the source of whatever is made from it.
//
// Its traits have CopiesPayload. A stamp counts only while the record still has
// the text and payload that the stamp names: where an application changed the
// text, Stamps, ReadStamps and Fetch return the zero Stamp, and where it changed
// the payload alone, a Stamp without a payload hash.
type SelfContained interface {
	// Items reads a generation's records as items; one whose text can't be read is
	// an item with a Defect. ErrNotFound.
	Items(ctx context.Context, locator string) (Source, error)
	// Adopt makes a collection that an application filled the namespace's generation
	// of that spec. Idempotent. ErrNotFound where there is no such collection,
	// ErrConflict where it is one of another fingerprint, dimensions or metric.
	Adopt(ctx context.Context, spec GenerationSpec) (Generation, error)
}

// Version tells what an item says; zero: there is no item.
type Version struct {
	Content string `json:"content,omitempty"` // ContentHash of its text
	Payload string `json:"payload,omitempty"` // PayloadHash
}

// VersionOf is the item's version.
func VersionOf(i Item) Version {
	return Version{Content: ContentHash(i.Text), Payload: PayloadHash(i.Payload)}
}

// Base is kept with a record: the version in which reembed last saw it equal to
// the record of that id in another collection. It is what a three-way merge sets
// out from. An application that replaces a record takes its base away, and one
// that changes a part of it leaves a base that does not fit: either way it shows.
type Base struct {
	With string // the other collection's locator; empty: none
	Version
}

// String is the stored form: "b1:<content>:<payload>:<with>"; the zero Base is "".
func (b Base) String() string {
	if b == (Base{}) {
		return ""
	}
	return strings.Join([]string{"b1", b.Content, b.Payload, b.With}, ":")
}

// ParseBase reads the stored form. What is none is the zero Base: whoever merges
// takes the record as changed by an application.
func ParseBase(stored string) Base {
	parts := strings.SplitN(stored, ":", 4)
	if len(parts) != 4 || parts[0] != "b1" || parts[1] == "" || parts[2] == "" || parts[3] == "" {
		return Base{}
	}
	return Base{With: parts[3], Version: Version{Content: parts[1], Payload: parts[2]}}
}

// Held is what a collection holds under an id, without text, payload and vector.
type Held struct {
	ID string
	Version
	Stamp Stamp // as it counts, see SelfContained
	Base  Base
	// Revision tells this state of the record from every other one, as well as the
	// store can; opaque, never empty.
	Revision string
}

// Untouched reports whether nobody changed the record since it was last seen
// equal to that of another collection.
func (h Held) Untouched(with string) bool { return h.Base.With == with && h.Base.Version == h.Version }

// Collection is the ability of a generation that holds its items: Records have
// Text, Payload and Base, and applications write it as well. Upsert writes and
// Fetch reads them; SetPayload rewrites Payload, Stamp and Base.
//
// The methods that take revisions change a record only while it is as it was
// seen; "" stands for one that does not exist. A store that can't look and write
// in one step looks right before it writes, and says in IndexTraits.ForeignWriters
// what an application may lose between the two. Every method may return
// ErrUnavailable and ErrNotFound as those of Generation.
type Collection interface {
	// Held looks at those of the ids that exist.
	Held(ctx context.Context, ids []string) (map[string]Held, error)
	// UpsertOver is Upsert of those records that are as they were seen. The others
	// are not written, and their ids returned.
	UpsertOver(ctx context.Context, records []Record, seen map[string]string) (moved []string, err error)
	// DeleteOver is Delete of those records that are as they were seen. The others
	// are not deleted, and their ids returned.
	DeleteOver(ctx context.Context, seen map[string]string) (moved []string, err error)
	// SetBases rewrites the bases of those records that are as they were seen, and
	// nothing else of them. The others are passed over.
	SetBases(ctx context.Context, bases map[string]Base, seen map[string]string) error
}
