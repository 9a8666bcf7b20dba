package records

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// tries is how often a lost compare-and-swap is tried again where the last
// writer may win.
const tries = 5

// overwrite puts a value whatever the record holds.
func overwrite(ctx context.Context, reg backends.Registry, kind, key string, value []byte) error {
	return again(func() error {
		e, err := reg.Get(ctx, kind, key)
		if err != nil && !errors.Is(err, backends.ErrNotFound) {
			return err
		}
		_, err = reg.Put(ctx, kind, key, e.Version, value)
		return err
	})
}

// remove deletes a record whatever it holds; an absent one is no error.
func remove(ctx context.Context, reg backends.Registry, kind, key string) error {
	return again(func() error {
		e, err := reg.Get(ctx, kind, key)
		if errors.Is(err, backends.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return reg.Delete(ctx, kind, key, e.Version)
	})
}

// removeAll deletes the records of a kind whose keys begin with a prefix.
func removeAll(ctx context.Context, reg backends.Registry, kind, prefix string) error {
	for {
		entries, err := reg.List(ctx, kind, prefix, "", itemsPage)
		if err != nil {
			return fmt.Errorf("list %s records: %w", kind, err)
		}
		for _, e := range entries {
			if err := remove(ctx, reg, kind, e.Key); err != nil {
				return fmt.Errorf("remove a %s record: %w", kind, err)
			}
		}
		if len(entries) < itemsPage {
			return nil
		}
	}
}

func again(swap func() error) error {
	var err error
	for range tries {
		if err = swap(); !errors.Is(err, backends.ErrConflict) {
			return err
		}
	}
	return err
}
