package records

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/reembed/reembed/backends"
)

// kindQuarantine has the key <fingerprint>/<namespace, escaped>/<id>.
const kindQuarantine = "quarantine"

// Quarantined is an item that a model can't embed: why, and under which text.
// It holds until the text changes.
type Quarantined struct {
	ID      string    `json:"id"`
	Content string    `json:"content"` // ContentHash of the refused text
	Reason  string    `json:"reason"`  // never the text
	Job     string    `json:"job"`     // workflow id of the job that found it
	At      time.Time `json:"at"`
}

func quarantineOf(namespace, fingerprint string) string {
	return fingerprint + "/" + url.PathEscape(namespace) + "/"
}

// PutQuarantined keeps an item's refusal; a former one of the same item and
// fingerprint is replaced.
func PutQuarantined(ctx context.Context, reg backends.Registry, namespace, fingerprint string, q Quarantined) error {
	raw, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("encode quarantined item: %w", err)
	}
	if err := overwrite(ctx, reg, kindQuarantine, quarantineOf(namespace, fingerprint)+q.ID, raw); err != nil {
		return fmt.Errorf("put an item of namespace %q into quarantine: %w", namespace, err)
	}
	return nil
}

// AllQuarantined returns all refusals of a namespace's items by a model, by the
// byte order of their ids.
func AllQuarantined(ctx context.Context, reg backends.Registry, namespace, fingerprint string) ([]Quarantined, error) {
	return ofItems[Quarantined](ctx, reg, kindQuarantine, namespace, fingerprint)
}

// itemsPage is how many records of items are read at once.
const itemsPage = 1000

// ofItems reads all records of a kind about a namespace's items and a model.
func ofItems[T any](ctx context.Context, reg backends.Registry, kind, namespace, fingerprint string) ([]T, error) {
	prefix := quarantineOf(namespace, fingerprint)
	var all []T
	for after := ""; ; {
		entries, err := reg.List(ctx, kind, prefix, after, itemsPage)
		if err != nil {
			return nil, fmt.Errorf("list the %s records of namespace %q: %w", kind, namespace, err)
		}
		for _, e := range entries {
			var one T
			if err := json.Unmarshal(e.Value, &one); err != nil {
				return nil, fmt.Errorf("%s record of namespace %q, version %d: %w: %w", kind, namespace, e.Version, backends.ErrDamaged, err)
			}
			all = append(all, one)
			after = e.Key
		}
		if len(entries) < itemsPage {
			return all, nil
		}
	}
}

// QuarantineFingerprints returns the models that refused items of a namespace, or
// for which such were waived.
func QuarantineFingerprints(ctx context.Context, reg backends.Registry, namespace string) ([]string, error) {
	var found []string
	for _, kind := range []string{kindQuarantine, kindWaiver} {
		all, err := fingerprints(ctx, reg, kind)
		if err != nil {
			return nil, err
		}
		for _, fingerprint := range all {
			entries, err := reg.List(ctx, kind, quarantineOf(namespace, fingerprint), "", 1)
			if err != nil {
				return nil, fmt.Errorf("list the %s records of namespace %q: %w", kind, namespace, err)
			}
			if len(entries) > 0 && !slices.Contains(found, fingerprint) {
				found = append(found, fingerprint)
			}
		}
	}
	slices.Sort(found)
	return found, nil
}

// RefusedContents returns the hash of the text that was refused of each
// quarantined item, by id: what the engines of sync and verification take as Known.
func RefusedContents(ctx context.Context, reg backends.Registry, namespace, fingerprint string) (map[string]string, error) {
	all, err := AllQuarantined(ctx, reg, namespace, fingerprint)
	contents := make(map[string]string, len(all))
	for _, q := range all {
		contents[q.ID] = q.Content
	}
	return contents, err
}

// DeleteQuarantined ends the refusals of items; unknown ones are no error.
func DeleteQuarantined(ctx context.Context, reg backends.Registry, namespace, fingerprint string, ids ...string) error {
	for _, id := range ids {
		if err := remove(ctx, reg, kindQuarantine, quarantineOf(namespace, fingerprint)+id); err != nil {
			return fmt.Errorf("take an item of namespace %q out of quarantine: %w", namespace, err)
		}
	}
	return nil
}

// ForgetQuarantine removes all refusals of a namespace's items by a model, and
// their waivers.
func ForgetQuarantine(ctx context.Context, reg backends.Registry, namespace, fingerprint string) error {
	for _, kind := range []string{kindQuarantine, kindWaiver} {
		if err := removeAll(ctx, reg, kind, quarantineOf(namespace, fingerprint)); err != nil {
			return fmt.Errorf("quarantine of namespace %q: %w", namespace, err)
		}
	}
	return nil
}
