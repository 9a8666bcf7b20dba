package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// waived warns of ids in the request's waive that nothing is known of: a typing
// error would show at the switch only.
func (p *planner) waived(ctx context.Context) error {
	if len(p.job.Waive) == 0 {
		return nil
	}
	refused, err := records.RefusedContents(ctx, p.registry, p.Namespace, p.Fingerprint)
	if err != nil {
		return err
	}
	var unknown []string
	for _, id := range p.job.Waive {
		if _, ok := refused[id]; !ok {
			unknown = append(unknown, id)
		}
	}
	gone, err := p.absent(ctx, unknown)
	if err != nil {
		return err
	}
	if len(gone) > 0 {
		p.warn("waive names %d ids that no item has: %s", len(gone), someOf(gone))
	}
	if n := len(unknown) - len(gone); n > 0 {
		p.note("waive names %d ids that are not in quarantine now", n)
	}
	return nil
}

// absent returns those of the ids that no item has.
func (p *planner) absent(ctx context.Context, ids []string) (gone []string, err error) {
	for part := range slices.Chunk(ids, lookupItems) {
		items, err := p.source.Lookup(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("look waived items up: %w", err)
		}
		for _, id := range part {
			if !slices.ContainsFunc(items, func(i backends.Item) bool { return i.ID == id }) {
				gone = append(gone, id)
			}
		}
	}
	return gone, nil
}

// someOf names the first ids.
func someOf(ids []string) string {
	more := ""
	if len(ids) > namedItems {
		more = ", ..."
	}
	return strings.Join(ids[:min(namedItems, len(ids))], ", ") + more
}
