package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/reembed/reembed/backends"
)

// kindConflict has the key <namespace, escaped>/<id>.
const kindConflict = "conflict"

// Conflict is an item of a self-contained namespace that was changed in both
// collections since they last agreed: one writer had read the route, the other
// had not. Both versions are kept where they are; the active one is searched.
type Conflict struct {
	ID     string       `json:"id"`
	Active ConflictSide `json:"active"`
	Former ConflictSide `json:"former"`
	At     time.Time    `json:"at"` // when it was found like this
}

// ConflictSide is what one collection holds, by hashes.
type ConflictSide struct {
	Locator string `json:"locator"`
	backends.Version
}

func conflictsOf(namespace string) string { return url.PathEscape(namespace) + "/" }

// PutConflict keeps a conflict; one that is kept already, of the same versions,
// stays with its time.
func PutConflict(ctx context.Context, reg backends.Registry, namespace string, c Conflict) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode conflict: %w", err)
	}
	key := conflictsOf(namespace) + c.ID
	err = again(func() error {
		e, err := reg.Get(ctx, kindConflict, key)
		if err != nil && !errors.Is(err, backends.ErrNotFound) {
			return err
		}
		var kept Conflict
		if err == nil && json.Unmarshal(e.Value, &kept) == nil && kept.Active == c.Active && kept.Former == c.Former {
			return nil
		}
		_, err = reg.Put(ctx, kindConflict, key, e.Version, raw)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a conflict of namespace %q: %w", namespace, err)
	}
	return nil
}

// GetConflict returns the conflict of an item, or ErrNotFound.
func GetConflict(ctx context.Context, reg backends.Registry, namespace, id string) (Conflict, error) {
	e, err := reg.Get(ctx, kindConflict, conflictsOf(namespace)+id)
	if err != nil {
		return Conflict{}, fmt.Errorf("conflict of namespace %q: %w", namespace, err)
	}
	return decodeConflict(namespace, e)
}

func decodeConflict(namespace string, e backends.Entry) (c Conflict, err error) {
	if err := json.Unmarshal(e.Value, &c); err != nil {
		return c, fmt.Errorf("conflict of namespace %q, version %d: %w: %w", namespace, e.Version, backends.ErrDamaged, err)
	}
	return c, nil
}

// conflictPage is how many conflicts AllConflicts reads at once.
const conflictPage = 1000

// AllConflicts returns all conflicts of a namespace, by the byte order of their ids.
func AllConflicts(ctx context.Context, reg backends.Registry, namespace string) ([]Conflict, error) {
	var all []Conflict
	for after := ""; ; {
		page, err := reg.List(ctx, kindConflict, conflictsOf(namespace), after, conflictPage)
		if err != nil {
			return nil, fmt.Errorf("list the conflicts of namespace %q: %w", namespace, err)
		}
		for _, e := range page {
			c, err := decodeConflict(namespace, e)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
			after = e.Key
		}
		if len(page) < conflictPage {
			return all, nil
		}
	}
}

// DeleteConflicts ends conflicts; unknown ids are no error.
func DeleteConflicts(ctx context.Context, reg backends.Registry, namespace string, ids ...string) error {
	for _, id := range ids {
		if err := remove(ctx, reg, kindConflict, conflictsOf(namespace)+id); err != nil {
			return fmt.Errorf("end a conflict of namespace %q: %w", namespace, err)
		}
	}
	return nil
}
