package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
)

// quarantine is what models refused of a namespace's items.
type quarantine struct {
	namespace string
	job       string // that it was asked for by; empty: a namespace
	registry  backends.Registry
	only      []string          // fingerprints; nil: all
	models    map[string]string // fingerprint -> the catalog's name
}

// list reads all, by fingerprint and id.
func (q *quarantine) list(ctx context.Context) ([]quarantined, error) {
	fingerprints := q.only
	if fingerprints == nil {
		var err error
		if fingerprints, err = records.QuarantineFingerprints(ctx, q.registry, q.namespace); err != nil {
			return nil, err
		}
	}
	all := []quarantined{} // so that JSON shows [] for none
	for _, fingerprint := range fingerprints {
		refused, err := records.AllQuarantined(ctx, q.registry, q.namespace, fingerprint)
		if err != nil {
			return nil, err
		}
		waivers, err := records.Waivers(ctx, q.registry, q.namespace, fingerprint)
		if err != nil {
			return nil, err
		}
		for _, r := range refused {
			item := quarantined{Quarantined: r, Model: q.models[fingerprint], Fingerprint: fingerprint}
			if v := waivers[r.ID]; v.Waives(r) {
				item.Waived = &v
			}
			all = append(all, item)
		}
	}
	return all, nil
}

func (q *quarantine) waive(ctx context.Context, items []quarantined, reason, by string) error {
	for _, item := range items {
		err := records.PutWaiver(ctx, q.registry, q.namespace, item.Fingerprint, records.Waiver{
			ID: item.ID, Content: item.Content, Reason: reason, By: by, At: time.Now().UTC(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// retried is what `reembed quarantine --retry -o json` prints.
type retried struct {
	Namespace string   `json:"namespace"`
	Forgotten []string `json:"forgotten"` // ids
	Next      string   `json:"next"`      // how it comes about that they are asked for again
}

func (a *app) runRetry(ctx context.Context, w *catalog.World, q *quarantine, items []quarantined) error {
	result := retried{Namespace: q.namespace, Forgotten: []string{}}
	for _, item := range items {
		if err := records.DeleteQuarantined(ctx, q.registry, q.namespace, item.Fingerprint, item.ID); err != nil {
			return err
		}
		if !slices.Contains(result.Forgotten, item.ID) {
			result.Forgotten = append(result.Forgotten, item.ID)
		}
	}
	next, err := nextPass(ctx, w, q)
	if err != nil {
		return err
	}
	result.Next = next
	return a.print(result, func(p *layout.Page) {
		p.Pair("forgotten", human.Things(len(result.Forgotten), "refusal"))
		p.Pair("next", result.Next)
	})
}

// nextPass says who asks again, and when.
func nextPass(ctx context.Context, w *catalog.World, q *quarantine) (string, error) {
	r, found, err := activeRoute(ctx, w, q.namespace)
	if err != nil {
		return "", err
	}
	lease, err := records.GetLease(ctx, q.registry, q.namespace)
	held := err == nil && lease.Hold == 0
	if err != nil && !errors.Is(err, backends.ErrNotFound) {
		return "", err
	}
	soak, err := records.GetSoak(ctx, q.registry, q.namespace)
	soaking := err == nil && soak.State == records.SoakSoaking
	if err != nil && !errors.Is(err, backends.ErrNotFound) {
		return "", err
	}
	repair := fmt.Sprintf("'reembed diff %s --repair' asks at once for what is searched", q.namespace)
	active := found && (q.only == nil || slices.Contains(q.only, r.Fingerprint))
	switch {
	case soaking && active:
		return "the soak asks again in a full pass only; " + repair, nil
	case soaking:
		return "the soak asks again in its next full pass; where the source tells what changed, the next job may come before", nil
	case held:
		return fmt.Sprintf("job %s asks again in its next full pass: where it only waits, once its verification is repeated and finds them missing", lease.Job), nil
	case active:
		return "the next job asks again; " + repair, nil
	}
	return "the next job to that model asks again", nil
}
