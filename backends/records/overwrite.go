package records

import (
	"context"
	"errors"

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

func again(swap func() error) error {
	var err error
	for range tries {
		if err = swap(); !errors.Is(err, backends.ErrConflict) {
			return err
		}
	}
	return err
}
