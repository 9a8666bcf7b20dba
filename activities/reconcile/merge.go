package reconcile

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/reembed/reembed/backends"
)

// Merge is two collections of a self-contained namespace, of which applications
// write both: who has not read the route since the switch still writes the old
// one. A sweep goes over From and brings what changed there into To; two sweeps,
// one each way, are a pass. Each record's [backends.Base] says what both last
// agreed on:
//
//	               To unchanged     To changed            To has none
//	unchanged      (alike)          the other sweep's     deleted in To: deleted here
//	changed        carried          conflict: both stay   carried
//
// What a record says decides, not who wrote later: there is no clock that both
// writers share. A deletion is carried only of a record that To is known to have
// had, and that two looks did not find there; a change beats a deletion.
type Merge struct {
	Items    backends.Source     // of From
	From, To backends.Generation // both are backends.Collections
	Embedder backends.Embedder   // of To's model
	// Heal: To is the one that is not searched now. Vectors that an application
	// wrote there are made again, so that it may be switched to.
	Heal bool
	// Conflict takes what was changed on both sides; its error ends the sweep.
	Conflict func(context.Context, []Conflict) error
	// Standing are the ids of conflicts known before, and Settled takes those of
	// them that are none any more. Its error ends the sweep.
	Standing map[string]bool
	Settled  func(context.Context, []string) error
}

// Conflict is an item that was changed on both sides since they agreed.
type Conflict struct {
	ID       string
	From, To backends.Version
}

// Sweep merges the range of From into To, from the cursor on. It is idempotent,
// and may run beside another one. Nothing is written over what was not seen.
// Errors are those of the roles, wrapped.
func Sweep(ctx context.Context, m Merge, r backends.Range, after backends.Cursor, o Options) (Result, error) {
	o = o.withPages(m.To.Spec().Dimensions)
	l := newLimits(o)
	res := Result{Cursor: after}
	s, err := Pair{Collection: m.From, Target: m.To}.sides(nil)
	if err != nil {
		return res, err
	}
	limit := backends.PageLimit{Items: o.PageItems, Bytes: int(max(1, o.MemoryBytes/4))}
	for !l.reached(res.Counts.Scanned) {
		pg, err := m.Items.ReadPage(ctx, r, res.Cursor, limit)
		if err != nil {
			return res, fmt.Errorf("read page: %w", err)
		}
		did, err := (&merger{Merge: m, sides: s, o: o}).page(ctx, pg.Items)
		res.Counts.Add(did)
		if err != nil {
			return res, err
		}
		if stopped(o.Stop) { // some may not have been carried
			return res, nil
		}
		res.Cursor, res.Done = pg.Next, pg.Done
		res.Counts.Scanned += int64(len(pg.Items))
		if o.Report != nil {
			o.Report(res)
		}
		if pg.Done {
			break
		}
	}
	return res, nil
}

func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// merger sorts one page by what is to be done.
type merger struct {
	Merge
	sides *sides
	o     Options

	carry     []backends.Item
	sights    map[string]sight  // of what is carried
	gone      map[string]string // revision by id
	from, to  bases             // of records that are alike and don't know it yet
	conflicts []Conflict
	settled   []string
	current   int64
	moved     int64
}

func (m *merger) page(ctx context.Context, items []backends.Item) (Counts, error) {
	did, err := Counts{}, m.sort(ctx, items)
	if err != nil {
		return did, err
	}
	did.Current, did.Moved, did.Conflicts = m.current, m.moved, int64(len(m.conflicts))
	if len(m.conflicts) > 0 {
		err := m.o.change(ctx, func(ctx context.Context) error { return m.Conflict(ctx, m.conflicts) })
		if err != nil {
			return did, fmt.Errorf("keep %d conflicts: %w", len(m.conflicts), err)
		}
	}
	if err := m.to.set(ctx, m.sides.to, m.o); err != nil {
		return did, err
	}
	if err := m.from.set(ctx, m.sides.from, m.o); err != nil {
		return did, err
	}
	deleted, err := m.delete(ctx)
	did.Deleted += deleted
	if err != nil {
		return did, err
	}
	carried, err := m.bring(ctx)
	carried.Scanned, carried.Current = 0, 0
	did.Add(carried)
	if err != nil {
		return did, err
	}
	if len(m.settled) > 0 {
		err := m.o.change(ctx, func(ctx context.Context) error { return m.Settled(ctx, m.settled) })
		if err != nil {
			return did, fmt.Errorf("settle %d conflicts: %w", len(m.settled), err)
		}
	}
	return did, nil
}

// bring embeds for To what changed in From, and writes it over what was seen there.
func (m *merger) bring(ctx context.Context) (Counts, error) {
	if len(m.carry) == 0 {
		return Counts{}, nil
	}
	p := Pair{Target: m.To, Collection: m.From, Embedder: m.Embedder, CopiesPayload: true}
	o := m.o
	o.MemoryBytes = max(1, o.MemoryBytes/2) // beside the page at hand
	return put(ctx, p, m.carry, m.sights, o)
}

// delete removes from From what was deleted in To, when a second look finds it
// there no more than the first did, and nothing touched it here since then: not
// even another attempt at the same, which may have just brought it to To.
func (m *merger) delete(ctx context.Context) (int64, error) {
	if len(m.gone) == 0 {
		return 0, nil
	}
	to, err := m.sides.to.Held(ctx, slices.Sorted(maps.Keys(m.gone)))
	if err != nil {
		return 0, fmt.Errorf("look again at the other collection: %w", err)
	}
	seen := map[string]string{}
	for id, revision := range m.gone {
		if _, there := to[id]; !there {
			seen[id] = revision
		}
	}
	if len(seen) == 0 {
		return 0, nil
	}
	var moved []string
	err = m.o.change(ctx, func(ctx context.Context) error {
		var err error
		moved, err = m.sides.from.DeleteOver(ctx, seen)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete %d records: %w", len(seen), err)
	}
	return int64(len(seen) - len(moved)), nil
}
