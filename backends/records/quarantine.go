package records

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
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

// pageQuarantined returns at most limit refusals whose ids are greater than
// after, by the byte order of their ids.
func pageQuarantined(ctx context.Context, reg backends.Registry, namespace, fingerprint, after string, limit int) ([]Quarantined, error) {
	prefix := quarantineOf(namespace, fingerprint)
	from := ""
	if after != "" {
		from = prefix + after
	}
	entries, err := reg.List(ctx, kindQuarantine, prefix, from, limit)
	if err != nil {
		return nil, fmt.Errorf("list the quarantine of namespace %q: %w", namespace, err)
	}
	found := make([]Quarantined, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Value, &found[i]); err != nil {
			return nil, fmt.Errorf("quarantined item of namespace %q, version %d: %w: %w", namespace, e.Version, backends.ErrDamaged, err)
		}
	}
	return found, nil
}

// quarantinePage is how many refusals AllQuarantined reads at once.
const quarantinePage = 1000

// AllQuarantined returns all refusals of a namespace's items by a model.
func AllQuarantined(ctx context.Context, reg backends.Registry, namespace, fingerprint string) ([]Quarantined, error) {
	var all []Quarantined
	for after := ""; ; after = all[len(all)-1].ID {
		page, err := pageQuarantined(ctx, reg, namespace, fingerprint, after, quarantinePage)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < quarantinePage {
			return all, nil
		}
	}
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
