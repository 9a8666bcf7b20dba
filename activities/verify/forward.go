package verify

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Forward looks for the record of each item of the source's range, from the
// cursor on: Missing, Stale, Foreign and Payload. What looks wrong is looked at
// a second time, by id, before it is found: an item may change between the read
// of it and the read of its record.
//
// Errors are those of the roles, wrapped.
func Forward(ctx context.Context, p Pair, r backends.Range, after backends.Cursor, o Options) (Result, error) {
	o = o.withDefaults(0)
	res := Result{Cursor: after}
	for sh := newShare(o); !sh.spent(); {
		pg, err := p.Source.ReadPage(ctx, r, res.Cursor, backends.PageLimit{Items: o.PageItems, Bytes: o.PageBytes})
		if err != nil {
			return res, fmt.Errorf("read page: %w", err)
		}
		found, err := p.forwardPage(ctx, pg.Items, o)
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

func (p Pair) forwardPage(ctx context.Context, items []backends.Item, o Options) (Report, error) {
	found := Report{Items: int64(len(items))}
	wrong, quarantined, err := p.wrongItems(ctx, items, o.Known)
	if err != nil {
		return found, err
	}
	found.Quarantined = quarantined
	if len(wrong) == 0 {
		return found, nil
	}
	ids := make([]string, len(wrong))
	for i, f := range wrong {
		ids[i] = f.ID
	}
	now, err := p.Source.Lookup(ctx, ids)
	if err != nil {
		return found, fmt.Errorf("look items up: %w", err)
	}
	again, _, err := p.wrongItems(ctx, now, o.Known)
	if err != nil {
		return found, err
	}
	return found, o.judge(ctx, &found, again)
}

// wrongItems compares items with their records' stamps.
func (p Pair) wrongItems(ctx context.Context, items []backends.Item, known map[string]string) (wrong []Finding, quarantined int64, err error) {
	if len(items) == 0 {
		return nil, 0, nil
	}
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	stamps, err := p.Target.Stamps(ctx, ids)
	if err != nil {
		return nil, 0, fmt.Errorf("look up stamps: %w", err)
	}
	for i := range items {
		item := &items[i]
		want := backends.ContentHash(item.Text)
		stamp, there := stamps[item.ID]
		if !there {
			if refused, ok := known[item.ID]; ok && refused == want {
				quarantined++
				continue
			}
			wrong = append(wrong, Finding{Kind: Missing, ID: item.ID, Want: want})
			continue
		}
		if kind := p.wrongStamp(item, want, stamp); kind != "" {
			wrong = append(wrong, Finding{Kind: kind, ID: item.ID, Want: want})
		}
	}
	return wrong, quarantined, nil
}

// wrongStamp says what is wrong with the stamp of an item's record; "" when nothing is.
func (p Pair) wrongStamp(item *backends.Item, want string, stamp backends.Stamp) Kind {
	switch {
	case stamp.Fingerprint != p.Model.Fingerprint():
		return Foreign
	case stamp.Content != want || item.Defect != "":
		return Stale
	case p.CopiesPayload && stamp.Payload != backends.PayloadHash(item.Payload):
		return Payload
	}
	return ""
}
