package memory

import (
	"context"
	"sync"

	"github.com/reembed/reembed/backends"
)

// Config says how a store behaves. The zero value is ready to use.
type Config struct {
	// CopiesPayload makes generations hold their items' payloads, as stores do
	// in which a record is all that a search can answer with.
	CopiesPayload bool
}

// Store is a store in memory. It is safe for concurrent use.
type Store struct {
	config Config

	mu          sync.RWMutex
	tables      map[string]*items
	generations map[string]*generation // by locator
	entries     map[entryName]backends.Entry
	version     int64                // the last one given to an entry or a collection's record
	published   map[string]published // by name
	mark        int64                // the last one given to a change
}

// Open returns a new, empty store. It never fails.
func Open(_ context.Context, c Config) (*Store, error) {
	return &Store{
		config:      c,
		tables:      map[string]*items{},
		generations: map[string]*generation{},
		entries:     map[entryName]backends.Entry{},
		published:   map[string]published{},
	}, nil
}

// Source returns the items of a table. The table comes into being with its
// first item; until then the source's Ping is an ErrNotFound.
func (s *Store) Source(table string) *Source { return s.Table(Table{Name: table}) }

// Table is Source for who says how changes are noticed.
func (s *Store) Table(t Table) *Source { return &Source{store: s, table: t.WithDefaults()} }

// Index returns the generations of a namespace.
func (s *Store) Index(namespace string) *Index { return &Index{store: s, namespace: namespace} }

// Collections returns the generations of a self-contained namespace.
func (s *Store) Collections(namespace string) *Collections { return &Collections{s.Index(namespace)} }

// Registry returns the store's records.
func (s *Store) Registry() *Registry { return &Registry{store: s} }

// Close does nothing: what the store holds goes when nothing refers to it.
func (s *Store) Close() error { return nil }
