package reconcile

import "sync"

// rememberedTexts bounds the different texts that a run remembers to know an
// equal one by: it remembers the last so many, and up to as many before them.
const rememberedTexts = 5000

// owners finds the item that stands for a text, by content hash: those of late,
// as a run may be as long as the corpus, and its memory is not.
type owners struct {
	late, before map[string]*owner
}

// of returns the owner of the item's text, and whether it was one before.
func (o *owners) of(d dirty) (first *owner, seen bool) {
	if first, seen = o.late[d.stamp.Content]; seen {
		return first, true
	}
	if first, seen = o.before[d.stamp.Content]; !seen {
		first = newOwner(d)
	}
	if o.late == nil || len(o.late) >= rememberedTexts {
		o.late, o.before = map[string]*owner{}, o.late
	}
	o.late[d.stamp.Content] = first
	return first, seen
}

// owner is the item that stands for all equal texts of the run. A run remembers
// thousands, so that one is small once it is settled.
type owner struct {
	*dirty    // nil once it is settled
	id        string
	mu        sync.Mutex
	fate      fate
	reason    string  // why it was refused
	followers []dirty // equal texts that came while it was on its way
}

func newOwner(d dirty) *owner { return &owner{dirty: &d, id: d.item.ID} }

// fate is what became of an owner.
type fate int

const (
	underWay   fate = iota
	wasWritten      // its record is in the generation
	wasRefused      // its text can't be embedded
)

// join adds an equal text while the owner is under way, and says what became of it.
func (o *owner) join(d dirty) fate {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fate == underWay {
		o.followers = append(o.followers, d)
	}
	return o.fate
}

// settle closes the owner and returns who joined. Its contents are let go: the
// run goes on remembering it.
func (o *owner) settle(f fate, reason string) []dirty {
	o.mu.Lock()
	defer o.mu.Unlock()
	followers := o.followers
	o.fate, o.reason, o.followers = f, reason, nil
	o.dirty = nil
	return followers
}

// copyOf is an item whose text was embedded earlier in this run, under another id.
type copyOf struct {
	dirty
	from string
}
