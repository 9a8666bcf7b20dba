package verify

import (
	"context"
	"fmt"
	"slices"
)

// judge adds what is wrong to a report, but for what a change explains that is
// still to be synced. None makes a vector that is no vector, or of another model.
func (o Options) judge(ctx context.Context, found *Report, wrong []Finding) error {
	wrong, err := o.counted(ctx, wrong)
	if err != nil {
		return err
	}
	var ids []string
	for _, f := range wrong {
		if f.byChange() {
			ids = append(ids, f.ID)
		}
	}
	var moving map[string]bool
	if o.Moving != nil && len(ids) > 0 {
		if moving, err = o.Moving(ctx, ids); err != nil {
			return fmt.Errorf("look for changes: %w", err)
		}
	}
	for _, f := range wrong {
		if f.byChange() && moving[f.ID] {
			found.Moving++
			continue
		}
		found.Found(f)
	}
	return nil
}

// byChange reports whether a change of the item can make it so.
func (f Finding) byChange() bool {
	return slices.Contains([]Kind{Missing, Extra, Stale, Payload}, f.Kind)
}

// Again looks at what an earlier look found, after a sync, and reports those of
// the findings that are still there: wrong in the same way, for the same text.
// What was changed meanwhile is none of them.
//
// Errors are those of the roles, wrapped.
func Again(ctx context.Context, p Pair, before []Finding, o Options) (Report, error) {
	suspect := make(map[Finding]bool, len(before))
	var ids []string
	for _, f := range before {
		suspect[f] = true
		if !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	var still Report
	for part := range slices.Chunk(ids, lookupItems) {
		wrong, err := p.wrongNow(ctx, part, o.Known)
		if err != nil {
			return still, err
		}
		wrong = slices.DeleteFunc(wrong, func(f Finding) bool { return !suspect[f] })
		if err := o.judge(ctx, &still, wrong); err != nil {
			return still, err
		}
	}
	return still, nil
}

// wrongNow is what both directions find of these ids.
func (p Pair) wrongNow(ctx context.Context, ids []string, known map[string]string) ([]Finding, error) {
	items, err := p.Source.Lookup(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look items up: %w", err)
	}
	wrong, _, err := p.wrongItems(ctx, items, known)
	if err != nil {
		return nil, err
	}
	records, err := p.wrongRecords(ctx, ids)
	for _, f := range records {
		if !slices.Contains(wrong, f) {
			wrong = append(wrong, f)
		}
	}
	return wrong, err
}
