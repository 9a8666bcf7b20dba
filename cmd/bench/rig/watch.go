package rig

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// watchEvery is how exactly the moment of a write is known.
const watchEvery = 2 * time.Millisecond

// Watch looks at what is committed to a namespace's generation, from outside.
type Watch struct {
	db        *sql.DB
	namespace string
	locator   string // "" until there is one
}

// Watch opens a view on the generation of a namespace, which need not be there yet.
func (p *Place) Watch(namespace string) (*Watch, error) {
	db, err := p.view()
	if err != nil {
		return nil, err
	}
	return &Watch{db: db, namespace: namespace}, nil
}

// Close closes the view.
func (w *Watch) Close() error { return w.db.Close() }

// find looks for the generation.
func (w *Watch) find(ctx context.Context) (there bool, err error) {
	if w.locator != "" {
		return true, nil
	}
	err = w.db.QueryRowContext(ctx, "SELECT locator FROM reembed_generations WHERE namespace = ?", w.namespace).Scan(&w.locator)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err != nil && strings.Contains(err.Error(), "no such table"):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("find the generation: %w", err)
	}
	return true, nil
}

// Last is the number of the row written last; 0 when there is none. In a
// generation that is filled for the first time it is how many there are.
func (w *Watch) Last(ctx context.Context) (int64, error) {
	if there, err := w.find(ctx); err != nil || !there {
		return 0, err
	}
	var last sql.NullInt64
	err := w.db.QueryRowContext(ctx, fmt.Sprintf("SELECT max(rowid) FROM %q", w.locator)).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("look at the last row: %w", err)
	}
	return last.Int64, nil
}

// There returns when there is a generation.
func (w *Watch) There(ctx context.Context) error {
	return every(ctx, func() (bool, error) { return w.find(ctx) })
}

// Beyond returns the time at which there was a row of a higher number, and its number.
func (w *Watch) Beyond(ctx context.Context, row int64) (at time.Time, last int64, err error) {
	err = every(ctx, func() (bool, error) {
		last, err = w.Last(ctx)
		at = time.Now()
		return last > row, err
	})
	return at, last, err
}

// every looks until it is seen.
func every(ctx context.Context, look func() (bool, error)) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if seen, err := look(); err != nil || seen {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
