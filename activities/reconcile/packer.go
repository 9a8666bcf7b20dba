package reconcile

import (
	"context"

	"github.com/reembed/reembed/backends"
)

// batch is the work of one embedder goroutine: inputs of one request, or
// records to be copied from an equal text's record that was written before.
type batch struct {
	inputs []*owner
	copies []copyOf
}

// pack turns pages into requests. A request never spans pages, so a page's
// memory is given back without waiting for the next one.
func (f *forward) pack(ctx context.Context) error {
	defer close(f.batches)
	known := &owners{}
	for pg := range f.pages {
		if err := send(ctx, f.outcomes, outcome{opened: pg}); err != nil {
			return err
		}
		batches, direct := f.split(pg, known)
		if err := send(ctx, f.outcomes, direct); err != nil {
			return err
		}
		for _, b := range batches {
			if err := send(ctx, f.batches, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// split packs one page. What needs no embedder is returned as an outcome.
func (f *forward) split(pg *page, known *owners) ([]batch, outcome) {
	direct := outcome{sound: pg.sound, alike: pg.alike}
	var (
		fresh  []*owner
		copies []copyOf
	)
	for _, d := range pg.dirty {
		if reason := f.refusal(d); reason != "" {
			direct.refused = append(direct.refused, refused{dirty: d, reason: reason})
			continue
		}
		if d.keepVector {
			direct.payloads = append(direct.payloads, d)
			continue
		}
		first, seen := known.of(d)
		if !seen {
			fresh = append(fresh, first)
			continue
		}
		switch first.join(d) {
		case wasWritten:
			copies = append(copies, copyOf{dirty: d, from: first.id})
		case wasRefused:
			direct.refused = append(direct.refused, refused{dirty: d, reason: first.reason})
		}
	}
	pg.dirty, pg.sound, pg.alike = nil, nil, nil // the texts live on in the batches only
	var batches []batch
	for _, inputs := range f.chunk(fresh) {
		batches = append(batches, batch{inputs: inputs})
	}
	if len(copies) > 0 {
		batches = append(batches, batch{copies: copies})
	}
	return batches, direct
}

// chunk cuts inputs into requests that the embedder takes.
func (f *forward) chunk(inputs []*owner) [][]*owner {
	limits := f.pair.Embedder.Limits()
	size := f.o.BatchSize
	if limits.Inputs > 0 {
		size = min(size, limits.Inputs)
	}
	var (
		chunks [][]*owner
		begin  int
		tokens int
	)
	for i, o := range inputs {
		cost := backends.EstimateTokens(o.item.Text)
		full := i-begin == size || (limits.TokensPerRequest > 0 && tokens+cost > limits.TokensPerRequest)
		if full && i > begin {
			chunks = append(chunks, inputs[begin:i:i])
			begin, tokens = i, 0
		}
		tokens += cost
	}
	if begin < len(inputs) {
		chunks = append(chunks, inputs[begin:])
	}
	return chunks
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
