package reconcile

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/reembed/reembed/backends"
)

// embedAll runs the embedders and closes the way to the writer behind them.
func (f *forward) embedAll(ctx context.Context) error {
	group, gctx := errgroup.WithContext(ctx)
	for range f.o.Concurrency {
		group.Go(func() error {
			for b := range f.batches {
				out, err := f.embedBatch(gctx, b)
				// What was answered was paid for, also when the rest failed.
				if serr := send(gctx, f.outcomes, out); serr != nil && err == nil {
					err = serr
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	close(f.outcomes)
	return err
}

func (f *forward) embedBatch(ctx context.Context, b batch) (outcome, error) {
	inputs := b.inputs
	var out outcome
	if len(b.copies) > 0 {
		missing, err := f.copyEqual(ctx, b.copies, &out)
		if err != nil {
			return out, err
		}
		inputs = append(inputs, missing...)
	}
	if len(inputs) == 0 {
		return out, nil
	}
	err := f.embed(ctx, inputs, &out)
	return out, err
}

// copyEqual takes the vectors of equal texts from the generation. Those whose
// record is gone meanwhile are returned, to be embedded.
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
	for _, c := range copies {
		r, ok := byID[c.from]
		if !ok || !r.Stamp.SameVector(c.stamp) {
			missing = append(missing, &owner{dirty: c.dirty})
			continue
		}
		out.vectors = append(out.vectors, embedded{owner: &owner{dirty: c.dirty}, vector: r.Vector, shared: true})
	}
	return missing, nil
}

// embed fills the outcome with a vector or a refusal for each input. A batch
// that the provider refuses is split in halves until the bad item stands alone.
func (f *forward) embed(ctx context.Context, inputs []*owner, out *outcome) error {
	texts := make([]string, len(inputs))
	for i, in := range inputs {
		texts[i] = in.item.Text
	}
	answer, err := f.request(ctx, texts)
	switch {
	case errors.Is(err, backends.ErrInvalidInput) && len(inputs) == 1:
		out.refused = append(out.refused, refused{dirty: inputs[0].dirty, owner: inputs[0], reason: reason(err)})
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
		return fmt.Errorf("embed: %w: %d vectors for %d texts", backends.ErrInvalidVector, len(vectors), len(inputs))
	}
	for i, v := range vectors {
		err := backends.CheckVector(v, model)
		switch {
		case err == nil:
			out.vectors = append(out.vectors, embedded{owner: inputs[i], vector: v})
		case errors.Is(err, backends.ErrDimension):
			return fmt.Errorf("embed: %w", err)
		case len(inputs) == 1:
			out.refused = append(out.refused, refused{dirty: inputs[0].dirty, owner: inputs[0], reason: reason(err)})
		default:
			if err := f.embed(ctx, inputs[i:i+1], out); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxReason bounds what is kept of a provider's words.
const maxReason = 300

func reason(err error) string {
	s := err.Error()
	if len(s) > maxReason {
		s = s[:maxReason]
	}
	return s
}
