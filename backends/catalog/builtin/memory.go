package builtin

import (
	"context"
	"math"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/stores/memory"
)

// memoryDriver reads of a store
//
//	copies_payload: true   records hold their items' payloads; optional
//
// and of a namespace
//
//	table: docs
//	self_contained: true   items live in the active collection itself; optional, without table
//	capture: journal         or changed_at (which sees no deletes), or none
//	max_changes: 1000000     that are kept for one generation; optional
//
// What it holds dies with the process: it is for tests.
func memoryDriver() catalog.StoreDriver {
	return catalog.StoreDriver{
		KeepsRegistry: true,
		Publishes:     true,
		Store: func(f *catalog.Fields) func(context.Context) (catalog.Store, error) {
			cfg := memory.Config{CopiesPayload: f.Bool("copies_payload")}
			return func(ctx context.Context) (catalog.Store, error) {
				s, err := memory.Open(ctx, cfg)
				return memoryStore{s}, err
			}
		},
		Namespace: func(f *catalog.Fields) (any, string) {
			if f.Bool("self_contained") {
				return memoryOptions{selfContained: true}, ""
			}
			f.Need("table")
			t := memory.Table{
				Name: f.String("table"), Capture: memory.Capture(f.OneOf("capture", memory.Captures...)),
				MaxChanges: f.Int("max_changes", 1, math.MaxInt32),
			}
			return memoryOptions{table: t}, t.Name
		},
	}
}

type memoryOptions struct {
	table         memory.Table
	selfContained bool
}

type memoryStore struct{ *memory.Store }

func (s memoryStore) Source(ns catalog.Namespace) (backends.Source, error) {
	o, err := optionsOf[memoryOptions](ns)
	if err != nil {
		return nil, err
	}
	return s.Table(o.table), nil
}

func (s memoryStore) Index(ns catalog.Namespace) (backends.Index, error) {
	o, err := optionsOf[memoryOptions](ns)
	if err != nil {
		return nil, err
	}
	index := s.Store.Index(ns.Name).PublishedAs(ns.Publish)
	if o.selfContained {
		return &memory.Collections{Index: index}, nil
	}
	return index.Over(o.table.Name), nil
}

func (s memoryStore) Registry() (backends.Registry, error) { return s.Store.Registry(), nil }
