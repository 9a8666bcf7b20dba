package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/reembed/reembed/backends"
)

// Backward looks for the item of each record of the generation's range, from
// the cursor on, and reads each record's vector, and its text where it holds one:
// Extra, Vector, Stale and Payload. What looks wrong is looked at a second time
// before it is found.
//
// Errors are those of the roles, wrapped.
func Backward(ctx context.Context, p Pair, r backends.Range, after backends.Cursor, o Options) (Result, error) {
	o = o.withDefaults(p.Model.Dimensions)
	res := Result{Cursor: after}
	for sh := newShare(o); !sh.spent(); {
		pg, err := p.Target.ReadStamps(ctx, r, res.Cursor, backends.PageLimit{Items: o.PageItems})
		if err != nil {
			return res, fmt.Errorf("read stamps: %w", err)
		}
		found, err := p.backwardPage(ctx, pg.Items, o)
		if err != nil {
			return res, err
		}
		sh.seen += int64(len(pg.Items))
		res.Report.Merge(found)
		res.Cursor, res.Done = pg.Next, pg.Done
		if o.Seen != nil {
			o.Seen(res.Cursor, res.Report.clone())
		}
		if pg.Done {
			return res, nil
		}
	}
	return res, nil
}

func (p Pair) backwardPage(ctx context.Context, records []backends.Stamped, o Options) (Report, error) {
	found := Report{Records: int64(len(records))}
	ids := make([]string, len(records))
	for i := range records {
		ids[i] = records[i].ID
	}
	wrong, err := p.wrongRecords(ctx, ids)
	if err != nil || len(wrong) == 0 {
		return found, err
	}
	ids = ids[:0]
	for _, f := range wrong {
		ids = append(ids, f.ID)
	}
	again, err := p.wrongRecords(ctx, ids)
	if err != nil {
		return found, err
	}
	return found, o.judge(ctx, &found, again)
}

// wrongRecords reads whole records and their items. Records that are gone by
// now are not looked at: whether they should be there is Forward's question.
func (p Pair) wrongRecords(ctx context.Context, ids []string) ([]Finding, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	records, err := p.Target.Fetch(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("fetch records: %w", err)
	}
	texts, err := p.hashes(ctx, ids)
	if err != nil {
		return nil, err
	}
	var wrong []Finding
	for _, rec := range records {
		want, there := texts[rec.ID]
		if !there {
			wrong = append(wrong, Finding{Kind: Extra, ID: rec.ID})
			continue
		}
		if err := backends.CheckVector(rec.Vector, p.Model); err != nil {
			wrong = append(wrong, Finding{Kind: Vector, ID: rec.ID, Want: want})
		}
		if kind := p.wrongCopy(rec); kind != "" {
			wrong = append(wrong, Finding{Kind: kind, ID: rec.ID, Want: want})
		}
	}
	return wrong, nil
}

// wrongCopy says what is wrong with the text and payload that a record holds, by
// its stamp; "" when nothing is. That there is a stamp, and that it fits the item,
// is Forward's question.
func (p Pair) wrongCopy(rec backends.Record) Kind {
	switch {
	case !p.HoldsText || rec.Stamp == (backends.Stamp{}):
		return ""
	case rec.Stamp.Content != backends.ContentHash(rec.Text):
		return Stale
	case rec.Stamp.Payload != backends.PayloadHash(rec.Payload):
		return Payload
	}
	return ""
}

// lookupItems is how many items are held at once: as long as their texts are.
const lookupItems = 50

// hashes are the content hashes of those of the ids that the source has.
func (p Pair) hashes(ctx context.Context, ids []string) (map[string]string, error) {
	found := make(map[string]string, len(ids))
	for part := range slices.Chunk(ids, lookupItems) {
		items, err := p.Source.Lookup(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("look items up: %w", err)
		}
		for i := range items {
			found[items[i].ID] = backends.ContentHash(items[i].Text)
		}
	}
	return found, nil
}
