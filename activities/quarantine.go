package activities

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// quarantine binds the registry's refusals to one segment of a job.
type quarantine struct {
	opened
	known map[string]string // id -> content hash, as it was when the segment began
}

func loadQuarantine(ctx context.Context, o opened) (quarantine, error) {
	known, err := knownRefusals(ctx, o.registry, o.job.Namespace, o.job.Fingerprint)
	return quarantine{opened: o, known: known}, err
}

// knownRefusals are the quarantined ids with the content that was refused.
func knownRefusals(ctx context.Context, reg backends.Registry, namespace, fingerprint string) (map[string]string, error) {
	all, err := records.AllQuarantined(ctx, reg, namespace, fingerprint)
	known := make(map[string]string, len(all))
	for _, q := range all {
		known[q.ID] = q.Content
	}
	return known, err
}

// put keeps a refusal, and ends the job when there are more than it allows.
func (q quarantine) put(ctx context.Context, r reconcile.Refusal) error {
	err := records.PutQuarantined(ctx, q.registry, q.job.Namespace, q.job.Fingerprint, records.Quarantined{
		ID: r.ID, Content: r.Content, Reason: bounded(r.Reason), Job: q.job.ID, At: time.Now().UTC(),
	})
	if err != nil {
		return err
	}
	now, err := records.AllQuarantined(ctx, q.registry, q.job.Namespace, q.job.Fingerprint)
	if err != nil {
		return err
	}
	if n := int64(len(now)); n > q.job.MaxFailedItems {
		return because(errTooManyFailedItems, "%d items can't be embedded, max_failed_items is %d; the last one: %s",
			n, q.job.MaxFailedItems, r.Reason)
	}
	return nil
}

// end forgets the refusals of items whose records are right now.
func (q quarantine) end(ctx context.Context, ids []string) error {
	for _, id := range ids {
		if err := records.DeleteQuarantined(ctx, q.registry, q.job.Namespace, q.job.Fingerprint, id); err != nil {
			return err
		}
	}
	return nil
}

// namedItems is how many ids a message names.
const namedItems = 5

// checkWaived returns QUARANTINE_NOT_WAIVED when items would be without a vector
// behind the switch, and nobody said that they may. Refusals of items that the
// source does not have any more are forgotten.
func (o opened) checkWaived(ctx context.Context) error {
	q, err := loadQuarantine(ctx, o)
	if err != nil || len(q.known) == 0 {
		return err
	}
	ids := make([]string, 0, len(q.known))
	for id := range q.known {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var open []string
	for part := range slices.Chunk(ids, 1000) {
		items, err := o.source.Lookup(ctx, part)
		if err != nil {
			return err
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
			case !slices.Contains(o.job.Waive, id):
				open = append(open, id)
			}
		}
	}
	if len(open) == 0 {
		return nil
	}
	more := ""
	if len(open) > namedItems {
		more = ", ..."
	}
	return because(errQuarantine, "%d items have no vector and are not waived: %s%s",
		len(open), strings.Join(open[:min(namedItems, len(open))], ", "), more)
}
