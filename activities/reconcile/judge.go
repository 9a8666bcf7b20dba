package reconcile

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// verdict is what a merge does about an item of From.
type verdict int

const (
	isAlike    verdict = iota // both say the same
	isChanged                 // here alone: carried to To
	isTheirs                  // changed in To alone: the other sweep's
	isGone                    // deleted in To
	isConflict                // changed on both sides
)

// judge is the table of Merge. there says whether To has the record.
func (s *sides) judge(from, to backends.Held, there bool) verdict {
	here, other := from.Untouched(s.toName), to.Untouched(s.fromName)
	switch {
	case !there && here:
		return isGone
	case !there:
		return isChanged
	case from.Version == to.Version:
		return isAlike
	case other && !here:
		return isChanged
	case here && !other:
		return isTheirs
	}
	// Where both believe to be unchanged they agreed on two things, one after the
	// other, and nobody knows which came last.
	return isConflict
}

// sort looks at a page's items on both sides. One that changed since it was read
// is left to the next pass.
func (m *merger) sort(ctx context.Context, items []backends.Item) error {
	if len(items) == 0 {
		return nil
	}
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	from, err := m.sides.from.Held(ctx, ids)
	if err != nil {
		return fmt.Errorf("look at the collection: %w", err)
	}
	to, err := m.sides.to.Held(ctx, ids)
	if err != nil {
		return fmt.Errorf("look at the other collection: %w", err)
	}
	m.sights, m.gone = map[string]sight{}, map[string]string{}
	for _, item := range items {
		here, ok := from[item.ID]
		if !ok || here.Version != backends.VersionOf(item) {
			m.moved++
			continue
		}
		other, there := to[item.ID]
		m.note(item, here, other, m.sides.judge(here, other, there))
	}
	return nil
}

func (m *merger) note(item backends.Item, here, other backends.Held, v verdict) {
	if v == isAlike && m.Heal && !m.right(other) {
		v = isChanged // not the text: the vector
	}
	switch v {
	case isAlike:
		m.current++
		if !here.Untouched(m.sides.toName) || !other.Untouched(m.sides.fromName) {
			m.from.add(item.ID, here.Revision, backends.Base{With: m.sides.toName, Version: here.Version})
			m.to.add(item.ID, other.Revision, backends.Base{With: m.sides.fromName, Version: other.Version})
		}
	case isChanged:
		m.carry = append(m.carry, item)
		m.sights[item.ID] = sight{from: here.Revision, over: other.Revision}
	case isGone:
		m.gone[item.ID] = here.Revision
	case isConflict:
		m.conflicts = append(m.conflicts, Conflict{ID: item.ID, From: here.Version, To: other.Version})
		return
	case isTheirs: // an item of the other sweep's
	}
	if m.Standing[item.ID] {
		m.settled = append(m.settled, item.ID)
	}
}

// right reports whether To's vector was made by its model from what the record says.
func (m *merger) right(h backends.Held) bool {
	return h.Stamp == backends.Stamp{Content: h.Content, Fingerprint: m.To.Spec().Fingerprint, Payload: h.Payload}
}
