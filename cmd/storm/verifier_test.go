package storm

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// The kinds of wrong.
const (
	missing  = "missing" // an item has no record
	extra    = "extra"   // a record has no item
	stale    = "stale"   // a record was made from another text
	foreign  = "foreign" // its stamp is of another model, or none
	mixed    = "mixed"   // the vector is another model's
	wrong    = "wrong"   // the vector is of no model for this text
	repacked = "payload" // a copied payload, or its stamp, is not the item's
)

// record is one row of a generation.
type record struct {
	stamp   string
	vector  []float32
	payload string // where payloads are copied
}

// snapshot is a generation, and the items that it has to have vectors of, as they
// were at one moment.
type snapshot struct {
	locator     string
	model       string // the catalog's
	fingerprint string
	copies      bool // records hold their items' payloads
	unstamped   bool // applications write records, which need no stamp
	items       map[string]content
	records     map[string]record
}

// finding is one thing that is wrong.
type finding struct {
	kind, id, locator, model string
	how                      string // hashes, no texts
}

func (f finding) String() string {
	return fmt.Sprintf("%s: %s in %s (%s): %s", f.id, f.kind, f.locator, f.model, f.how)
}

// judge finds all that is wrong, by id.
func judge(s snapshot) ([]finding, error) {
	var found []finding
	add := func(id, kind, how string, args ...any) {
		found = append(found, finding{kind, id, s.locator, s.model, fmt.Sprintf(how, args...)})
	}
	for id, item := range s.items {
		r, ok := s.records[id]
		if !ok {
			add(id, missing, "no record of text %s", hash(item.text))
			continue
		}
		if s.unstamped && r.stamp == "" || s.stampIs(id, item, r, add) {
			if err := s.vectorIs(id, item, r, add); err != nil {
				return nil, err
			}
		}
		if s.copies && r.payload != item.payload {
			add(id, repacked, "payload %s, the item's is %s", hash(r.payload), hash(item.payload))
		}
	}
	for id, r := range s.records {
		if _, ok := s.items[id]; !ok {
			add(id, extra, "stamp %q, and no item", r.stamp)
		}
	}
	slices.SortFunc(found, func(a, b finding) int {
		return cmp.Or(strings.Compare(a.id, b.id), strings.Compare(a.kind, b.kind))
	})
	return found, nil
}

// stampIs holds a stamp against its documented form, and reports whether it says
// that the vector is the item's.
func (s snapshot) stampIs(id string, item content, r record, add func(id, kind, how string, args ...any)) bool {
	parts := strings.Split(r.stamp, ":")
	switch {
	case len(parts) < 3 || parts[0] != "r1":
		add(id, foreign, "stamp %q", r.stamp)
	case parts[1] != s.fingerprint:
		add(id, foreign, "stamp of fingerprint %s, the generation's is %s", parts[1], s.fingerprint)
	case parts[2] != hash(item.text):
		add(id, stale, "stamp of text %s, the item's is %s", parts[2], hash(item.text))
	case s.copies && !s.unstamped && (len(parts) != 4 || parts[3] != hash(item.payload)):
		add(id, repacked, "stamp %q, the item's payload is %s", r.stamp, hash(item.payload))
		return true
	default:
		return true
	}
	return false
}

// vectorIs makes the vector anew.
func (s snapshot) vectorIs(id string, item content, r record, add func(id, kind, how string, args ...any)) error {
	want, err := vector(s.model, item.text)
	if err != nil || same(r.vector, want) {
		return err
	}
	strange, err := vector(other[s.model], item.text)
	if err != nil {
		return err
	}
	switch c := cosine(r.vector, want); {
	case same(r.vector, strange):
		add(id, mixed, "the vector is %s's, under stamp %s", other[s.model], r.stamp)
	case math.IsNaN(c):
		add(id, wrong, "the vector has %d dimensions, or is no vector, under stamp %s", len(r.vector), r.stamp)
	default:
		add(id, wrong, "the vector has a cosine of %.4f to the right one, under stamp %s", c, r.stamp)
	}
	return nil
}
