package records

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

// kindWaiver has the keys of kindQuarantine.
const kindWaiver = "waiver"

// Waiver says that a quarantined item may be without a vector behind a switch.
// It holds for one text of the item, and outlives the refusal: who asks again
// and is refused again is still waived.
type Waiver struct {
	ID      string    `json:"id"`
	Content string    `json:"content"` // ContentHash of the refused text
	Reason  string    `json:"reason"`  // why it may
	By      string    `json:"by"`      // who said so
	At      time.Time `json:"at"`
}

// PutWaiver keeps a waiver; a former one of the same item and fingerprint is replaced.
func PutWaiver(ctx context.Context, reg backends.Registry, namespace, fingerprint string, w Waiver) error {
	raw, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("encode waiver: %w", err)
	}
	if err := overwrite(ctx, reg, kindWaiver, quarantineOf(namespace, fingerprint)+w.ID, raw); err != nil {
		return fmt.Errorf("waive an item of namespace %q: %w", namespace, err)
	}
	return nil
}

// Waivers returns all waivers of a namespace's items for a model, by id.
func Waivers(ctx context.Context, reg backends.Registry, namespace, fingerprint string) (map[string]Waiver, error) {
	all, err := ofItems[Waiver](ctx, reg, kindWaiver, namespace, fingerprint)
	waivers := make(map[string]Waiver, len(all))
	for _, w := range all {
		waivers[w.ID] = w
	}
	return waivers, err
}

// Waives reports whether the waiver is of the text that was refused.
func (w Waiver) Waives(q Quarantined) bool { return w.ID == q.ID && w.Content == q.Content }
