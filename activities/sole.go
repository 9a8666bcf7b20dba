package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
)

// checkSole refuses to drop a collection that alone has what an application wrote
// last: the active model refused the text, so that no merge brought it over, and
// nobody has waived it.
func checkSole(ctx context.Context, reg backends.Registry, index backends.Index, job Job, now route.Route) error {
	if job.Source == "" {
		return nil
	}
	refused, err := records.AllQuarantined(ctx, reg, job.Namespace, now.Fingerprint)
	if err != nil || len(refused) == 0 {
		return err
	}
	waivers, err := records.Waivers(ctx, reg, job.Namespace, now.Fingerprint)
	if err != nil {
		return err
	}
	refused = slices.DeleteFunc(refused, func(q records.Quarantined) bool { return waivers[q.ID].Waives(q) })
	var sole []string
	for part := range slices.Chunk(refused, lookupItems) {
		ids := make([]string, len(part))
		for i, q := range part {
			ids[i] = q.ID
		}
		former, err := held(ctx, index, job.Locator, ids)
		if errors.Is(err, backends.ErrNotFound) { // dropped, by an attempt whose answer was lost
			return nil
		}
		if err != nil {
			return err
		}
		active, err := held(ctx, index, now.Locator, ids)
		if err != nil {
			return err
		}
		for _, q := range part {
			f, there := former[q.ID]
			if there && f.Content == q.Content && f.Version != active[q.ID].Version && !f.Untouched(now.Locator) {
				sole = append(sole, q.ID)
			}
		}
	}
	if len(sole) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d items are in %s alone as they were written last, since the active model refuses them: %s: mend their texts, or waive them: 'reembed quarantine'",
		backends.ErrConflict, len(sole), job.Locator, someOf(sole))
}

// held looks at the records of a collection.
func held(ctx context.Context, index backends.Index, locator string, ids []string) (map[string]backends.Held, error) {
	g, err := index.Open(ctx, locator)
	if err != nil {
		return nil, fmt.Errorf("open collection %s: %w", locator, err)
	}
	c, ok := backends.As[backends.Collection](g)
	if !ok {
		return nil, fmt.Errorf("%w: generation %s does not hold its items", backends.ErrUnsupported, locator)
	}
	found, err := c.Held(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look at collection %s: %w", locator, err)
	}
	return found, nil
}
