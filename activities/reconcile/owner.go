package reconcile

import "sync"

// owner is the item that stands for all equal texts of the run.
type owner struct {
	dirty
	mu        sync.Mutex
	fate      fate
	reason    string  // why it was refused
	followers []dirty // equal texts that came while it was on its way
}

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
// run remembers owners to its end.
func (o *owner) settle(f fate, reason string) []dirty {
	o.mu.Lock()
	defer o.mu.Unlock()
	followers := o.followers
	o.fate, o.reason, o.followers = f, reason, nil
	o.item.Text, o.item.Payload, o.page = "", nil, nil
	return followers
}

// copyOf is an item whose text was embedded earlier in this run, under another id.
type copyOf struct {
	dirty
	from string
}
