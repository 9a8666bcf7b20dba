package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// refusedItem is an item that the provider does not embed.
type refusedItem struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// bringUpToDate syncs the active generation with its source, both ways, and
// shows the progress. It needs no lease: a sync is idempotent, and running
// beside a job, or another one, it only does what is right.
func (a *app) bringUpToDate(ctx context.Context, act *active) (total reconcile.Counts, refused []refusedItem, err error) {
	items, _, err := act.source.Count(ctx)
	if err != nil {
		return total, nil, fmt.Errorf("count items: %w", err)
	}
	r := a.renderer()
	defer func() { err = errors.Join(err, r.Close()) }()
	show := func(done int64) {
		r.Show(workflows.Status{Phase: workflows.Copying, Progress: workflows.Progress{
			Pass: 1, ItemsTotal: items, ItemsDone: min(items, done), ETASeconds: -1,
		}})
	}
	o, err := act.syncOptions(ctx, &refused)
	if err != nil {
		return total, nil, err
	}
	o.Current = true // a job, or another sync, may be at work beside this one
	pair := act.syncPair()
	for _, way := range []func(context.Context, reconcile.Pair, backends.Range, backends.Cursor, reconcile.Options) (reconcile.Result, error){
		reconcile.Forward, reconcile.Backward,
	} {
		var at backends.Cursor
		for done := false; !done; {
			before := total.Scanned
			o.Report = func(now reconcile.Result) { show(before + now.Counts.Scanned + now.Ahead) }
			res, err := way(ctx, pair, backends.Range{}, at, o)
			total.Add(res.Counts)
			if err != nil {
				return total, refused, err
			}
			at, done = res.Cursor, res.Done
		}
	}
	return total, refused, nil
}

// writeRefused names the items that have no vector.
func writeRefused(p *layout.Page, refused []refusedItem, all int64) {
	if all == 0 {
		return
	}
	p.Pair("refused", human.Things(all, "item")+" without a vector:")
	for i, r := range refused {
		if i == maxReported {
			p.Pair("", fmt.Sprintf("and %s more", human.Count(len(refused)-i)))
			break
		}
		p.Pair("", layout.Whole(r.ID+": "+r.Reason))
	}
}
