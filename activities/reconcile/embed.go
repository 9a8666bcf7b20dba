package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/reembed/reembed/backends"
)

// embedBatches is one embedder. Once the run is to end it lets the batches that
// are left go unembedded.
func (f *forward) embedBatches(ctx context.Context) error {
	for b := range f.batches {
		out, err := f.embedBatch(ctx, b)
		// What was answered was paid for, also when the rest failed.
		if serr := send(ctx, f.outcomes, out); serr != nil {
			return serr
		}
		if err != nil && !errors.Is(err, errStopped) {
			return err
		}
	}
	return nil
}

func (f *forward) embedBatch(ctx context.Context, b batch) (outcome, error) {
	var out outcome
	inputs := b.inputs
	if len(b.copies) > 0 {
		if f.ended() {
			return out, errStopped
		}
		missing, err := f.copyEqual(ctx, b.copies, &out)
		if err != nil {
			return out, err
		}
		inputs = missing
	}
	for _, chunk := range f.chunk(inputs) {
		if err := f.embed(ctx, chunk, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// copyEqual takes the vectors of equal texts from the generation. Those whose
// record is gone meanwhile are returned, to be embedded, once for each text.
func (f *forward) copyEqual(ctx context.Context, copies []copyOf, out *outcome) ([]*owner, error) {
	ids := make([]string, len(copies))
	for i, c := range copies {
		ids[i] = c.from
	}
	records, err := f.pair.Target.Fetch(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("fetch vectors of equal texts: %w", err)
	}
	byID := make(map[string]backends.Record, len(records))
	for _, r := range records {
		byID[r.ID] = r
	}
	var missing []*owner
	again := map[string]*owner{}
	for _, c := range copies {
		if r, ok := byID[c.from]; ok && r.Stamp.SameVector(c.stamp) {
			out.vectors = append(out.vectors, embedded{owner: newOwner(c.dirty), vector: r.Vector, shared: true})
			continue
		}
		if o, ok := again[c.stamp.Content]; ok {
			o.join(c.dirty)
			continue
		}
		o := newOwner(c.dirty)
		again[c.stamp.Content] = o
		missing = append(missing, o)
	}
	return missing, nil
}

// embed fills the outcome with a vector or a refusal for each input. A batch
// that the provider refuses is split in halves until the bad item stands alone.
func (f *forward) embed(ctx context.Context, inputs []*owner, out *outcome) error {
	if f.ended() {
		return errStopped
	}
	texts := make([]string, len(inputs))
	for i, in := range inputs {
		texts[i] = in.item.Text
	}
	answer, err := f.request(ctx, texts)
	switch {
	case errors.Is(err, errStopped):
		return err
	case errors.Is(err, backends.ErrInvalidInput) && len(inputs) == 1:
		out.refused = append(out.refused, refused{dirty: *inputs[0].dirty, owner: inputs[0], reason: reason(err)})
		return nil
	case errors.Is(err, backends.ErrInvalidInput):
		half := len(inputs) / 2
		if err := f.embed(ctx, inputs[:half], out); err != nil {
			return err
		}
		return f.embed(ctx, inputs[half:], out)
	case err != nil:
		return fmt.Errorf("embed %d texts: %w", len(texts), err)
	}
	out.requests++
	out.tokens += answer.Tokens
	out.answered += int64(len(texts))
	return f.accept(ctx, inputs, answer.Vectors, out)
}

// accept checks the vectors. A single bad one is asked for again, alone, and
// refused if it stays bad; a wrong length is the model's fault, not the item's.
func (f *forward) accept(ctx context.Context, inputs []*owner, vectors [][]float32, out *outcome) error {
	model := f.pair.Embedder.Model()
	if len(vectors) != len(inputs) {
		return fmt.Errorf("embed with model %s: %w: %d vectors for %d texts", model.Name, backends.ErrInvalidVector, len(vectors), len(inputs))
	}
	var again []*owner
	for i, v := range vectors {
		err := backends.CheckVector(v, model)
		switch {
		case err == nil:
			out.vectors = append(out.vectors, embedded{owner: inputs[i], vector: v})
		case errors.Is(err, backends.ErrDimension):
			return fmt.Errorf("embed: %w", err)
		case len(inputs) == 1:
			out.refused = append(out.refused, refused{dirty: *inputs[0].dirty, owner: inputs[0], reason: reason(err)})
		default:
			again = append(again, inputs[i])
		}
	}
	for _, in := range again {
		if err := f.embed(ctx, []*owner{in}, out); err != nil {
			return err
		}
	}
	return nil
}

// maxReason bounds what is kept of a provider's words.
const maxReason = 300

func reason(err error) string {
	s := err.Error()
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "")
	}
	return s
}
