package memory

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
)

// Registry is the store's versioned records.
type Registry struct{ store *Store }

var _ backends.Registry = (*Registry)(nil)

type entryName struct{ kind, key string }

// Ping never fails.
func (r *Registry) Ping(ctx context.Context) error { return ctx.Err() }

// Get returns a record.
func (r *Registry) Get(ctx context.Context, kind, key string) (backends.Entry, error) {
	if err := ctx.Err(); err != nil {
		return backends.Entry{}, err
	}
	r.store.mu.RLock()
	defer r.store.mu.RUnlock()
	e, ok := r.store.entries[entryName{kind, key}]
	if !ok {
		return backends.Entry{}, fmt.Errorf("%w: no %s record %q", backends.ErrNotFound, kind, key)
	}
	return cloneEntry(e), nil
}

// Put writes a record under a version that the store has never given before.
func (r *Registry) Put(ctx context.Context, kind, key string, version int64, value []byte) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := backends.CheckEntry(kind, key, value); err != nil {
		return 0, err
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	name := entryName{kind, key}
	if have := r.store.entries[name].Version; have != version {
		return 0, fmt.Errorf("%w: %s record %q has version %d, expected %d", backends.ErrConflict, kind, key, have, version)
	}
	r.store.version++
	r.store.entries[name] = backends.Entry{Kind: kind, Key: key, Version: r.store.version, Value: bytes.Clone(value)}
	return r.store.version, nil
}

// Delete removes a record.
func (r *Registry) Delete(ctx context.Context, kind, key string, version int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	name := entryName{kind, key}
	have, ok := r.store.entries[name]
	if ok && have.Version != version {
		return fmt.Errorf("%w: %s record %q has version %d, expected %d", backends.ErrConflict, kind, key, have.Version, version)
	}
	delete(r.store.entries, name)
	return nil
}

// List returns records in order of their keys.
func (r *Registry) List(ctx context.Context, kind, prefix, after string, limit int) ([]backends.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.store.mu.RLock()
	defer r.store.mu.RUnlock()
	var found []backends.Entry
	for _, e := range r.store.entries {
		if e.Kind == kind && strings.HasPrefix(e.Key, prefix) && e.Key > after {
			found = append(found, cloneEntry(e))
		}
	}
	slices.SortFunc(found, func(a, b backends.Entry) int { return strings.Compare(a.Key, b.Key) })
	return found[:min(max(limit, 0), len(found))], nil
}

func cloneEntry(e backends.Entry) backends.Entry {
	e.Value = bytes.Clone(e.Value)
	return e
}
