package storm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// set is a namespace in the storm.
type set struct {
	storm   *storm
	name    string
	book    *book
	view    looker
	readers []searcher
	writers []*writer
	// repair has what was written synced where no soak does so; nil where nothing can.
	repair  func(context.Context) error
	anchors []string // ids of items that are never written again
	active  string   // the model that its lives have come to
	doing   atomic.Value
	// rest is held for reading by who writes.
	rest sync.RWMutex
}

func (s *storm) newSet(name string, v looker) *set {
	set := &set{storm: s, name: name, active: "elder", book: newBook(), view: v}
	set.doing.Store("begins")
	s.sets = append(s.sets, set)
	return set
}

// anchorsOfSet is how many items stay as they are.
const anchorsOfSet = 20

// anchor puts the items that stay.
func (s *set) anchor(ctx context.Context, app application) error {
	for n := range anchorsOfSet {
		id := fmt.Sprintf("anchor-%02d", n)
		c := content{fmt.Sprintf("anchor %d of %s holds subject%d and matter%d", n, s.name, n*7919, n*104729), `{"page":0}`}
		s.book.begin(id, "anchor", c, false)
		if err := app.put(ctx, id, c); err != nil {
			return err
		}
		s.book.committed(id)
		s.anchors = append(s.anchors, id)
	}
	return nil
}

// still runs f while nothing is written.
func (s *set) still(f func() error) error {
	s.rest.Lock()
	defer s.rest.Unlock()
	return f()
}

// Convergence is looked for often, and waited for long: on a busy machine, with
// a worker that was just killed, it takes many times what it takes otherwise.
const (
	lookEvery = 200 * time.Millisecond
	patience  = 5 * time.Minute
)

// settled looks until nothing is wrong, or it is no use to wait any longer. Nobody
// writes meanwhile.
func (s *set) settled(ctx context.Context, look func(context.Context) (snapshot, error)) error {
	until := time.Now().Add(patience)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		shot, err := look(ctx)
		if err != nil {
			return err
		}
		if err = s.judged(shot); err == nil {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("after %s at rest: %w", patience, err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// judged returns what is wrong with a snapshot, with what was ever written to
// those items.
func (s *set) judged(shot snapshot) error {
	if err := s.book.differs(shot.items); err != nil {
		return err
	}
	found, err := judge(shot)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		s.storm.tally.verified(shot)
		return nil
	}
	var lines strings.Builder
	var ids []string
	for _, f := range found {
		fmt.Fprintf(&lines, "  %s\n", f)
		if len(ids) == 0 || ids[len(ids)-1] != f.id {
			ids = append(ids, f.id)
		}
	}
	return fmt.Errorf("%s: %d wrong in %s, of %d items and %d records:\n%s%s",
		s.name, len(found), shot.locator, len(shot.items), len(shot.records), lines.String(), s.book.histories(ids))
}
