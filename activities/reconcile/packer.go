package reconcile

import (
	"context"
	"sync"

	"github.com/reembed/reembed/backends"
)

// batch is the work of one embedder goroutine: inputs of one request, or
// records to be copied from an equal text's record that was written before.
type batch struct {
	inputs []*owner
	copies []copyOf
}

// owner is the item that stands for all equal texts of the run.
type owner struct {
	dirty
	mu        sync.Mutex
	settled   bool // written or refused: nobody may join any more
	written   bool
	followers []dirty // equal texts that came while it was on its way
}

// copyOf is an item whose text was embedded earlier in this run, under another id.
type copyOf struct {
	dirty
	from string
}

// join adds an equal text. It returns false when the owner is settled already.
func (o *owner) join(d dirty) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.settled {
		return false
	}
	o.followers = append(o.followers, d)
	return true
}

// settle closes the owner and returns who joined.
func (o *owner) settle(written bool) []dirty {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settled, o.written = true, written
	followers := o.followers
	o.followers, o.item.Text, o.item.Payload = nil, "", nil
	return followers
}

func (o *owner) wasWritten() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.written
}

// pack turns pages into requests. A request never spans pages, so a page's
// memory is given back without waiting for the next one.
func (f *forward) pack(ctx context.Context) error {
	defer close(f.batches)
	owners := map[string]*owner{} // by content hash, over the whole run
	for pg := range f.pages {
		if err := send(ctx, f.outcomes, outcome{opened: pg}); err != nil {
			return err
		}
		bs, settled := f.split(pg, owners)
		if err := send(ctx, f.outcomes, settled); err != nil {
			return err
		}
		for _, b := range bs {
			if err := send(ctx, f.batches, b); err != nil {
				return err
			}
		}
	}
	return context.Cause(ctx)
}

// split packs one page. What needs no embedder is returned as an outcome.
func (f *forward) split(pg *page, owners map[string]*owner) ([]batch, outcome) {
	limits := f.pair.Embedder.Limits()
	size := f.o.BatchSize
	if limits.Inputs > 0 {
		size = min(size, limits.Inputs)
	}
	var (
		batches []batch
		current batch
		copies  batch
		tokens  int
		direct  outcome
	)
	flush := func() {
		if len(current.inputs) > 0 {
			batches = append(batches, current)
			current, tokens = batch{}, 0
		}
	}
	for _, d := range pg.dirty {
		if reason := f.refusal(d); reason != "" {
			direct.refused = append(direct.refused, refused{dirty: d, reason: reason})
			continue
		}
		if d.keepVector {
			direct.payloads = append(direct.payloads, d)
			continue
		}
		if o, seen := owners[d.stamp.Content]; seen {
			if o.join(d) {
				continue
			}
			if o.wasWritten() {
				copies.copies = append(copies.copies, copyOf{dirty: d, from: o.item.ID})
				continue
			}
		}
		o := &owner{dirty: d}
		owners[d.stamp.Content] = o
		cost := backends.EstimateTokens(d.item.Text)
		if len(current.inputs) == size || (limits.TokensPerRequest > 0 && tokens+cost > limits.TokensPerRequest) {
			flush()
		}
		current.inputs = append(current.inputs, o)
		tokens += cost
	}
	flush()
	if len(copies.copies) > 0 {
		batches = append(batches, copies)
	}
	return batches, direct
}

// refusal says why an item is not worth a request; "" when it is.
func (f *forward) refusal(d dirty) string {
	if d.item.Defect != "" {
		return d.item.Defect
	}
	if d.item.Text == "" {
		return "the text is empty"
	}
	if known, ok := f.o.Known[d.item.ID]; ok && known == d.stamp.Content && !d.keepVector {
		return "refused before, and its text has not changed"
	}
	return ""
}
