package catalog

import (
	"context"

	"github.com/reembed/reembed/backends"
)

// Drivers are the kinds of stores and embedders that a catalog may name, by the
// word behind its `driver:` key. A program makes the value that it wants; see
// package builtin.
type Drivers struct {
	Stores    map[string]StoreDriver
	Embedders map[string]EmbedderDriver
}

// StoreDriver reads the keys of one kind of stores.
type StoreDriver struct {
	// KeepsRegistry says that Store.Registry works.
	KeepsRegistry bool
	// Publishes says that its indexes are backends.Publishers of Namespace.Publish.
	// CheckPublish, which may be nil, says what is wrong with such a name.
	Publishes    bool
	CheckPublish func(name string) error
	// Store reads the driver's keys of an entry of stores, all but driver, and
	// returns what opens it. It touches nothing outside.
	Store func(f *Fields) func(ctx context.Context) (Store, error)
	// Exists reads the same keys, and returns what says whether the store is there:
	// nil, or an ErrNotFound. A nil Exists is of a driver whose opening makes nothing
	// that a typing error would leave behind.
	Exists func(f *Fields) func() error
	// Namespace reads the driver's keys of an entry of namespaces, and returns
	// what becomes Namespace.Options, and the name of what holds the items. Two
	// namespaces that share it are pointed out.
	Namespace func(f *Fields) (options any, table string)
}

// EmbedderDriver reads the keys of one kind of embedders.
type EmbedderDriver struct {
	// Embedder reads the driver's keys of an entry of embedders, all but driver,
	// and returns what makes the embedder of a model. Neither connects to anything.
	Embedder func(f *Fields) func(m backends.Model) (backends.Embedder, error)
}
