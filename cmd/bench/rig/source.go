package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
	"github.com/reembed/reembed/cmd/bench/texts"
)

const (
	// Namespace and table of the items.
	Namespace = "docs"
	// Model is the target model's name.
	Model = "bench"
	// Dimensions of its vectors.
	Dimensions = 384

	database    = "reembed.db"
	catalogFile = "reembed.yaml"
	fillItems   = 10_000 // of one transaction
)

// source returns the path of a store with so many items, which is filled once.
func (r *Rig) source(ctx context.Context, items int) (string, error) {
	path := filepath.Join(r.Dir, fmt.Sprintf("source-%d.db", items))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	r.Logf("filling a store with %d items", items)
	unfinished := path + ".part"
	if err := fill(ctx, unfinished, items); err != nil {
		return "", fmt.Errorf("fill a store: %w", err)
	}
	return path, os.Rename(unfinished, path)
}

func fill(ctx context.Context, path string, items int) error {
	store, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	table, err := store.Source(sqlite.Table{Name: Namespace})
	if err != nil {
		return errors.Join(err, store.Close())
	}
	for from := 0; from < items; from += fillItems {
		batch := make([]backends.Item, 0, fillItems)
		for n := from; n < min(from+fillItems, items); n++ {
			batch = append(batch, texts.Item(n))
		}
		if err := table.PutItems(ctx, batch); err != nil {
			return errors.Join(err, store.Close())
		}
	}
	if err := store.Close(); err != nil { // moves the log into the file
		return err
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		return errors.New("its log was left behind")
	}
	return nil
}

// Place is the folder of one run: a fresh copy of a filled store, and a catalog.
type Place struct {
	rig   *Rig
	dir   string
	items int
}

// Embedder is the entry of the catalog that a run embeds with.
type Embedder string

// Hashing is the embedder in the process itself; with a latency it answers as
// one far away would.
func Hashing(keys ...string) Embedder {
	out := "{driver: hashing"
	for _, k := range keys {
		out += ", " + k
	}
	return Embedder(out + "}")
}

// Place makes a place. Further namespaces share the table.
func (r *Rig) Place(ctx context.Context, items int, e Embedder, more ...string) (*Place, error) {
	source, err := r.source(ctx, items)
	if err != nil {
		return nil, err
	}
	r.places++
	p := &Place{rig: r, dir: filepath.Join(r.Dir, fmt.Sprintf("run-%d", r.places)), items: items}
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		return nil, err
	}
	catalog := fmt.Sprintf(`stores:
  local: {driver: sqlite, path: ./%s}
embedders:
  bench: %s
models:
  %s: {embedder: bench, dimensions: %d, metric: cosine, normalized: true}
namespaces:
`, database, e, Model, Dimensions)
	for _, ns := range slices.Concat([]string{Namespace}, more) {
		catalog += fmt.Sprintf("  %s: {store: local, table: %s, model: %s, writes: text}\n", ns, Namespace, Model)
	}
	if err := os.WriteFile(p.file(catalogFile), []byte(catalog), 0o600); err != nil {
		return nil, err
	}
	if err := duplicate(source, p.file(database)); err != nil {
		return nil, fmt.Errorf("copy the store: %w", err)
	}
	syscall.Sync() // what was written so far is not to be flushed within a measurement
	return p, nil
}

func (p *Place) file(name string) string { return filepath.Join(p.dir, name) }

// Remove removes the folder.
func (p *Place) Remove() error { return os.RemoveAll(p.dir) }

func duplicate(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
