package cli

import (
	"context"
	"time"

	"github.com/reembed/reembed/activities/reconcile"
	"github.com/reembed/reembed/backends/records"
)

// known is the content under which items are quarantined, by id.
func (a *active) known(ctx context.Context) (map[string]string, error) {
	return records.RefusedContents(ctx, a.registry, a.route.Namespace, a.route.Fingerprint)
}

// syncOptions bind the sync engine to the registry's quarantine of the active
// generation. Items that are refused now are added to refused.
func (a *active) syncOptions(ctx context.Context, refused *[]refusedItem) (reconcile.Options, error) {
	known, err := a.known(ctx)
	if err != nil {
		return reconcile.Options{}, err
	}
	namespace, fingerprint := a.route.Namespace, a.route.Fingerprint
	return reconcile.Options{
		Known: known,
		Quarantine: func(ctx context.Context, r reconcile.Refusal) error {
			*refused = append(*refused, refusedItem{ID: r.ID, Reason: r.Reason})
			return records.PutQuarantined(ctx, a.registry, namespace, fingerprint, records.Quarantined{
				ID: r.ID, Content: r.Content, Reason: r.Reason, At: time.Now().UTC(),
			})
		},
		Recovered: func(ctx context.Context, ids []string) error {
			return records.DeleteQuarantined(ctx, a.registry, namespace, fingerprint, ids...)
		},
	}, nil
}
