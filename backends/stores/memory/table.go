package memory

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Capture is how a table of items notices changes.
type Capture string

// The ways. The zero value is CaptureJournal.
const (
	CaptureJournal Capture = "journal"
	// CaptureChangedAt notices what a column with the time of the last change
	// would show: everything but deletes.
	CaptureChangedAt Capture = "changed_at"
	CaptureNone      Capture = "none"
)

// Captures are all of them.
var Captures = []string{string(CaptureJournal), string(CaptureChangedAt), string(CaptureNone)}

// maxChanges is how many changes are kept for a consumer, where a Table does not say.
const maxChanges = 1_000_000

// Table says which items a source reads, and how their changes are noticed.
type Table struct {
	Name    string
	Capture Capture // default CaptureJournal
	// MaxChanges that are kept for one consumer; one more, and they are lost. Default a million.
	MaxChanges int
}

// WithDefaults fills what is zero.
func (t Table) WithDefaults() Table {
	t.Capture = cmp.Or(t.Capture, CaptureJournal)
	t.MaxChanges = cmp.Or(t.MaxChanges, maxChanges)
	return t
}

// items is what the store keeps of a table.
type items struct {
	*ordered[backends.Item]
	consumers map[string]*consumer // by name
}

func newItems() *items {
	return &items{ordered: newOrdered[backends.Item](), consumers: map[string]*consumer{}}
}

// table returns what has been put into a table. The caller holds the store's lock.
func (s *Store) table(name string) (*items, error) {
	t, ok := s.tables[name]
	if !ok {
		return nil, fmt.Errorf("%w: table %q", backends.ErrNotFound, name)
	}
	return t, nil
}

// note writes a change down for each consumer.
func (s *Store) note(t *items, id string, deleted bool) {
	s.mark++
	for _, c := range t.consumers {
		if !deleted || c.deletes {
			c.note(id, s.mark)
		}
	}
}

// same reports whether an item that is there has all that another one has.
func same(a, b backends.Item) bool {
	return a.Text == b.Text && a.Defect == b.Defect && bytes.Equal(a.Payload, b.Payload) && (a.Payload == nil) == (b.Payload == nil)
}
