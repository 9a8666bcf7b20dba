package reconcile

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Keep ends a conflict by a person's word: To gets what From has. ErrConflict
// when either side is not any more what the conflict says, or changes meanwhile;
// ErrInvalidInput when To's model refuses the text. Other errors are those of the
// roles, wrapped.
func Keep(ctx context.Context, m Merge, c Conflict, o Options) error {
	s, err := Pair{Collection: m.From, Target: m.To}.sides(nil)
	if err != nil {
		return err
	}
	ids := []string{c.ID}
	from, err := s.from.Held(ctx, ids)
	if err != nil {
		return fmt.Errorf("look at what is kept: %w", err)
	}
	to, err := s.to.Held(ctx, ids)
	if err != nil {
		return fmt.Errorf("look at what is replaced: %w", err)
	}
	items, err := m.Items.Lookup(ctx, ids)
	if err != nil {
		return fmt.Errorf("look the item up: %w", err)
	}
	moved := fmt.Errorf("%w: the item was changed since the conflict was found", backends.ErrConflict)
	if len(items) != 1 || from[c.ID].Version != c.From || to[c.ID].Version != c.To || backends.VersionOf(items[0]) != c.From {
		return moved
	}
	p := Pair{Target: m.To, Collection: m.From, Embedder: m.Embedder, CopiesPayload: true}
	known := map[string]sight{c.ID: {from: from[c.ID].Revision, over: to[c.ID].Revision}}
	did, err := put(ctx, p, items, known, o)
	switch {
	case err != nil:
		return err
	case did.Quarantined > 0:
		return fmt.Errorf("%w: model %s refuses the text", backends.ErrInvalidInput, m.Embedder.Model().Name)
	case did.Written+did.PayloadOnly == 0:
		return moved
	}
	return nil
}
