package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// quarantine binds the registry's refusals to one segment of a job.
type quarantine struct {
	opened
	known map[string]string // id -> content hash, as it was when the segment began
	// uncounted is how many were put since all were counted: by one goroutine.
	uncounted int64
}

func loadQuarantine(ctx context.Context, o opened) (*quarantine, error) {
	known, err := records.RefusedContents(ctx, o.registry, o.job.Namespace, o.job.Fingerprint)
	return &quarantine{opened: o, known: known}, err
}

// put keeps a refusal, and ends the job when there are more than it allows. All
// are counted, which reads them all, once in a hundredth of what is allowed; the
// job itself counts again, exactly, at the end of each range.
func (q *quarantine) put(ctx context.Context, r reconcile.Refusal) error {
	err := records.PutQuarantined(ctx, q.registry, q.job.Namespace, q.job.Fingerprint, records.Quarantined{
		ID: r.ID, Content: r.Content, Reason: bounded(r.Reason), Job: q.job.ID, At: time.Now().UTC(),
	})
	if err != nil {
		return err
	}
	if q.uncounted++; q.uncounted*100 < q.job.MaxFailedItems {
		return nil
	}
	q.uncounted = 0
	n, err := q.count(ctx)
	if err != nil {
		return err
	}
	if n > q.job.MaxFailedItems {
		return because(errTooManyFailedItems, "%d items can't be embedded, max_failed_items is %d; the last one: %s",
			n, q.job.MaxFailedItems, r.Reason)
	}
	return nil
}

// lookupItems is how many items are looked up at once: their texts come along.
const lookupItems = 100

// count is how many items can't be embedded. Where there seem to be too many,
// those are left out that a former job recorded and that are mended or gone by
// now: a sync forgets them only when it comes to them.
func (q *quarantine) count(ctx context.Context) (int64, error) {
	all, err := records.AllQuarantined(ctx, q.registry, q.job.Namespace, q.job.Fingerprint)
	if err != nil || int64(len(all)) <= q.job.MaxFailedItems {
		return int64(len(all)), err
	}
	var n int64
	for part := range slices.Chunk(all, lookupItems) {
		refused := make(map[string]string, len(part))
		ids := make([]string, len(part))
		for i, r := range part {
			refused[r.ID], ids[i] = r.Content, r.ID
		}
		items, err := q.source.Lookup(ctx, ids)
		if err != nil {
			return 0, fmt.Errorf("look refused items up: %w", err)
		}
		for i := range items {
			if refused[items[i].ID] == backends.ContentHash(items[i].Text) {
				n++
			}
		}
	}
	return n, nil
}

// end forgets the refusals of items whose records are right now.
func (q *quarantine) end(ctx context.Context, ids []string) error {
	return records.DeleteQuarantined(ctx, q.registry, q.job.Namespace, q.job.Fingerprint, ids...)
}

// namedItems is how many ids a message names.
const namedItems = 5

// checkWaived returns QUARANTINE_NOT_WAIVED when items would be without a vector
// behind the switch, and nobody said that they may: neither the request, by id,
// nor a waiver of the refused text. Refusals of items that the source does not
// have any more are forgotten.
func (o opened) checkWaived(ctx context.Context) error {
	q, err := loadQuarantine(ctx, o)
	if err != nil || len(q.known) == 0 {
		return err
	}
	waivers, err := records.Waivers(ctx, o.registry, o.job.Namespace, o.job.Fingerprint)
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(q.known))
	for id := range q.known {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var open []string
	for part := range slices.Chunk(ids, lookupItems) {
		items, err := o.source.Lookup(ctx, part)
		if err != nil {
			return fmt.Errorf("look refused items up: %w", err)
		}
		there := make(map[string]bool, len(items))
		for _, item := range items {
			there[item.ID] = true
		}
		for _, id := range part {
			switch {
			case !there[id]:
				if err := q.end(ctx, []string{id}); err != nil {
					return err
				}
			case slices.Contains(o.job.Waive, id), waivers[id].Waives(records.Quarantined{ID: id, Content: q.known[id]}):
			default:
				open = append(open, id)
			}
		}
	}
	if len(open) == 0 {
		return nil
	}
	return because(errQuarantine, "%d items have no vector and are not waived: %s", len(open), someOf(open))
}
