package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/starter/demo/corpus"
	"github.com/reembed/reembed/starter/demo/golden"
	"github.com/reembed/reembed/starter/environ"
)

// home is the folder of the demo's files.
type home struct {
	lock    *os.File // held while the demo runs
	catalog string   // reembed.yaml
	corpus  string   // the items as JSON lines
	tally   string   // what the new model's embedder was sent
	// The golden queries, and which items answer them.
	queries, qrels string
}

// The new model's embedder answers like one that is far away, so that there is
// something to watch, and keeps count of what it was sent.
const catalogText = `# Written by reembed-demo.
stores:
  local: {driver: sqlite, path: ./reembed.db}
embedders:
  near: {driver: hashing}
  far: {driver: hashing, latency: 700ms, tally: ./tally}
models:
  hashing-256: {embedder: near, dimensions: 256, metric: cosine, normalized: true}
  hashing-1024: {embedder: far, dimensions: 1024, metric: cosine, normalized: true}
namespaces:
  go-doc:
    store: local
    table: go_doc
    payload: payload
    model: hashing-256
    writes: text
    golden: {queries: ./queries.jsonl, qrels: ./qrels.tsv, max_drop: 0.02}
`

// settle makes a new home in dir.
func settle(dir string) (home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return home{}, fmt.Errorf("folder of the demo: %w", err)
	}
	mark, err := claim(dir)
	if err != nil {
		return home{}, fmt.Errorf("folder of the demo: %w", err)
	}
	h := home{
		lock:    mark,
		catalog: filepath.Join(dir, "reembed.yaml"),
		corpus:  filepath.Join(dir, "go-doc.jsonl"),
		tally:   filepath.Join(dir, "tally"),
	}
	if h.queries, h.qrels, err = golden.Write(dir); err != nil {
		return home{}, fmt.Errorf("folder of the demo: %w", err)
	}
	if err := os.WriteFile(h.catalog, []byte(catalogText), 0o644); err != nil {
		return home{}, fmt.Errorf("folder of the demo: %w", err)
	}
	return h, nil
}

// gather writes the corpus as JSON lines, the way `reembed import` reads it, and
// returns the number of items.
func (h home) gather(ctx context.Context) (int, error) {
	root, err := corpus.GOROOT(ctx)
	if err != nil {
		return 0, fmt.Errorf("gather the corpus: %w", err)
	}
	items, err := corpus.Walk(ctx, root)
	if err != nil {
		return 0, fmt.Errorf("gather the corpus: %w", err)
	}
	f, err := os.Create(h.corpus)
	if err != nil {
		return 0, fmt.Errorf("gather the corpus: %w", err)
	}
	err = errors.Join(writeLines(f, items), f.Close())
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", h.corpus, err)
	}
	return len(items), nil
}

func writeLines(f *os.File, items []backends.Item) error {
	enc := json.NewEncoder(f)
	enc.SetEscapeHTML(false)
	for _, item := range items {
		line := struct {
			ID      string          `json:"id"`
			Text    string          `json:"text"`
			Payload json.RawMessage `json:"payload,omitempty"`
		}{item.ID, item.Text, item.Payload}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// open opens what the catalog names.
func (h home) open(env environ.List) (*catalog.World, error) {
	c, err := catalog.Load(h.catalog, env.LookupEnv, builtin.Drivers())
	if err != nil {
		return nil, err
	}
	return catalog.NewWorld(c, catalog.Decorators{}), nil
}
