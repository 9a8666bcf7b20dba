package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/reembed/reembed/backends"
)

// soakJudge looks at the store of a life. What the application does not touch is
// right at every moment in the generation that the route points at; of what it
// changes there is one of the texts that the item ever had, until both
// generations are in step.
type soakJudge struct {
	*judge
	mu    sync.Mutex
	moved map[string][]item // all that an item that moves has told
}

func newSoakJudge(ctx context.Context, p *place, l *lane) (*soakJudge, error) {
	j, err := newJudge(ctx, p, l)
	return &soakJudge{judge: j, moved: map[string][]item{}}, err
}

// moves is told what the application is about to change.
func (j *soakJudge) moves(items []backends.Item, leaves string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, it := range append(items, backends.Item{ID: leaves}) {
		if before, there := j.begin.items[it.ID]; there && j.moved[it.ID] == nil {
			j.moved[it.ID] = []item{before}
		}
		if it.ID != leaves {
			j.moved[it.ID] = append(j.moved[it.ID], item{text: it.Text})
		}
	}
}

// active is the model of the generation that the route points at.
func (j *soakJudge) active(s snapshot) (backends.Model, pointer, error) {
	r, err := j.route(s)
	if err != nil {
		return backends.Model{}, r, fmt.Errorf("read the route: %w", err)
	}
	for _, m := range []backends.Model{small, large} {
		if r.Locator == j.place.index.Locator(m) && r.Fingerprint == m.Fingerprint() {
			return m, r, nil
		}
	}
	return backends.Model{}, r, fmt.Errorf("the route points at %+v", r)
}

// now says what is wrong with the active generation at this moment.
func (j *soakJudge) now(ctx context.Context) error {
	s, err := j.place.look(ctx)
	if err != nil {
		return err
	}
	m, _, err := j.active(s)
	if err != nil {
		return err
	}
	return j.held(ctx, s, m)
}

// held says what a generation has that was never so, or lacks that always was.
func (j *soakJudge) held(ctx context.Context, s snapshot, m backends.Model) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	rows := s.generations[j.place.index.Locator(m)]
	var wrong []error
	for id, it := range s.items {
		if _, there := rows[id]; !there && j.moved[id] == nil && !slices.Contains(waived, id) {
			wrong = append(wrong, fmt.Errorf("%s is missing: %s", id, it.text))
		}
	}
	for id, r := range rows {
		told := j.moved[id]
		if it, there := s.items[id]; there && told == nil {
			told = []item{it}
		}
		var none []error
		for _, it := range told {
			if err := j.recordOf(ctx, m, it, r); err != nil {
				none = append(none, err)
			}
		}
		if len(none) == len(told) {
			wrong = append(wrong, fmt.Errorf("%s was never so: %w", id, errors.Join(none...)))
		}
	}
	return errors.Join(wrong...)
}

// both says what is not yet right in the one or the other generation.
func (j *soakJudge) both(ctx context.Context) error {
	s, err := j.place.look(ctx)
	if err != nil {
		return err
	}
	return errors.Join(j.right(ctx, s, large), j.right(ctx, s, small))
}

// over says what is wrong behind a soak that left the route at a model's generation.
func (j *soakJudge) over(ctx context.Context, m backends.Model, generation int64) error {
	s, err := j.place.look(ctx)
	if err != nil {
		return err
	}
	now, r, err := j.active(s)
	if err != nil {
		return err
	}
	if now.Name != m.Name || r.Generation != generation {
		return fmt.Errorf("the route is %+v", r)
	}
	if err := j.right(ctx, s, m); err != nil {
		return err
	}
	_, former := s.generations[j.place.index.Locator(small)]
	if dropped := m.Name == large.Name; dropped == former || s.generations[j.place.index.Locator(large)] == nil {
		return fmt.Errorf("there are %d generations", len(s.generations))
	}
	return j.held(ctx, s, large) // what was changed last is the next job's
}

// nothingHeld says what a soak that is over has not given back.
func (j *soakJudge) nothingHeld(ctx context.Context) error {
	s, err := j.place.look(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	for name := range s.entries {
		if kind, _, _ := strings.Cut(name, "/"); kind == "lease" || kind == "soak" {
			wrong = append(wrong, fmt.Errorf("the registry holds %s", name))
		}
	}
	capture, _ := backends.As[backends.Capture](j.place.source)
	consumers, err := capture.Consumers(ctx)
	for _, c := range consumers {
		wrong = append(wrong, fmt.Errorf("changes are kept for %s", c.Name))
	}
	return errors.Join(append(wrong, err)...)
}
