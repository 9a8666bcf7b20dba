package builtin

import (
	"context"

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
			table := f.String("table")
			return memoryOptions{table: table}, table
		},
	}
}

type memoryOptions struct {
	table         string
	selfContained bool
}

type memoryStore struct{ *memory.Store }

func (s memoryStore) Source(ns catalog.Namespace) (backends.Source, error) {
	o, err := optionsOf[memoryOptions](ns)
	if err != nil {
		return nil, err
	}
	return s.Store.Source(o.table), nil
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
	return index, nil
}

func (s memoryStore) Registry() (backends.Registry, error) { return s.Store.Registry(), nil }
