package catalog

import (
	"context"
	"time"

	"github.com/reembed/reembed/backends"
)

// Catalog is a catalog file, read and checked: everything a name in it can mean
// is resolved, nothing is opened yet. It never changes.
type Catalog struct {
	File       string // its path, for messages
	Registry   string // the store that keeps the registry; empty: each namespace's own store
	Stores     map[string]StoreSpec
	Embedders  map[string]EmbedderSpec
	Models     map[string]ModelSpec
	Namespaces map[string]Namespace
	// Variables are the names of those that the file uses.
	Variables []string
	// Warnings are about what is allowed and rarely meant; shown by catalog check.
	Warnings []Problem
}

// StoreSpec is an entry of stores.
type StoreSpec struct {
	Name   string
	Driver string
	Open   func(ctx context.Context) (Store, error)
	Exists func() error // see StoreDriver; nil: not asked
}

// EmbedderSpec is an entry of embedders.
type EmbedderSpec struct {
	Name   string
	Driver string
	// Open makes the embedder of one model. It connects to nothing.
	Open func(m backends.Model) (backends.Embedder, error)
}

// ModelSpec is an entry of models.
type ModelSpec struct {
	backends.Model
	Embedder string // the entry of embedders that serves it
}

// Writes says who embeds new items of a namespace.
type Writes string

// Who embeds new items.
const (
	WritesText    Writes = "text"    // the application writes text only
	WritesVectors Writes = "vectors" // it also writes vectors
)

// Namespace is an entry of namespaces: one searchable data set.
type Namespace struct {
	Name   string
	Store  string
	Model  string // that the namespace begins with; the route tells which one is active now
	Writes Writes
	Golden *Golden // queries with known answers, for the quality gate
	// Publish is a name under which the store shows the active generation; empty: none.
	Publish string
	Hooks   Hooks
	// Options are the keys that the store's driver reads (table, key, text, ...),
	// decoded and checked by it; opaque to everyone else.
	Options any
	table   string // what holds the items, as the driver names it
}

// Golden names the queries with known answers of a namespace, and what a new
// model has to reach on them before it is switched to.
type Golden struct {
	Queries string  // JSONL file of {"id","text"}
	Qrels   string  // TSV file: query, document, relevance
	MinNDCG float64 // of the new model, absolute; 0: no bound
	MaxDrop float64 // of nDCG@10 against the active model; 0: no bound
}

// Hooks are what a job asks and tells around the switch of a namespace. They are
// the catalog's alone: a request runs no commands.
type Hooks struct {
	Veto *Hook // asked before the switch; nil: nobody
	Post *Hook // told behind it
}

// Hook is a command or an address; one of the two.
type Hook struct {
	Command []string // program and arguments; it runs in the folder of the catalog
	URL     string   // http or https
	Headers map[string]string
	Timeout time.Duration // of one try
}

// Store is an opened store: what it can play of the roles of package backends.
type Store interface {
	Source(ns Namespace) (backends.Source, error)
	Index(ns Namespace) (backends.Index, error)
	// Registry returns ErrUnsupported where the store can't keep one.
	Registry() (backends.Registry, error)
	Close() error
}
