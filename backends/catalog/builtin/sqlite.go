package builtin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// sqliteDriver reads of a store
//
//	path: ./reembed.db       the file; made if it does not exist
//	busy_timeout: 10s        how long a write waits for other processes; optional
//
// and of a namespace
//
//	table: docs
//	key: id                  column of the id
//	text: text               column of the text
//	payload: meta            column of the payload; none unless named
//	capture: journal         how changes are noticed; or changed_at, or none
//	journal_max_mb: 256      what the journal keeps for one generation
//	changed_at: updated_at   column with the time of an item's last change
//	overlap: 10s             how much later such a change may be committed
//	publish: docs_active     a view of the active generation; none unless named
func sqliteDriver() catalog.StoreDriver {
	return catalog.StoreDriver{
		KeepsRegistry: true,
		Publishes:     true,
		CheckPublish:  sqlite.CheckPublish,
		Store: func(f *catalog.Fields) func(context.Context) (catalog.Store, error) {
			f.Need("path")
			if strings.Contains(f.String("path"), ":memory:") {
				f.Problem("path", ":memory: would be a file of that name: write driver: memory for a store that dies with the process")
			}
			cfg := sqlite.Config{Path: f.Path("path"), BusyTimeout: f.Duration("busy_timeout")}
			return func(ctx context.Context) (catalog.Store, error) {
				s, err := sqlite.Open(ctx, cfg)
				return sqliteStore{s}, err
			}
		},
		Exists: func(f *catalog.Fields) func() error {
			path := f.Path("path")
			return func() error {
				if _, err := os.Stat(filepath.Dir(path)); err != nil {
					return nil //nolint:nilerr // Open says what is wrong with the folder
				}
				if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
					return fmt.Errorf("%w: there is no file %s: mend the path, or make the store: 'reembed import' does", backends.ErrNotFound, path)
				}
				return nil
			}
		},
		Namespace: func(f *catalog.Fields) (any, string) {
			f.Need("table")
			t := sqlite.Table{
				Name: f.String("table"), Key: f.String("key"), Text: f.String("text"), Payload: f.String("payload"),
				JournalMaxBytes: int64(f.Int("journal_max_mb", 1, 1<<20)) << 20,
				ChangedAt:       f.String("changed_at"), Overlap: f.Duration("overlap"),
			}
			if t.ChangedAt != "" {
				t.Capture = sqlite.Capture(f.OneOf("capture", string(sqlite.CaptureChangedAt), string(sqlite.CaptureJournal), string(sqlite.CaptureNone)))
			} else {
				t.Capture = sqlite.Capture(f.OneOf("capture", sqlite.Captures...))
			}
			t = t.WithDefaults()
			if t.Name != "" {
				if err := t.Validate(); err != nil {
					f.Problem("table", "%s", err)
				}
			}
			return t, t.Name
		},
	}
}

type sqliteStore struct{ *sqlite.Store }

func (s sqliteStore) Source(ns catalog.Namespace) (backends.Source, error) {
	t, err := optionsOf[sqlite.Table](ns)
	if err != nil {
		return nil, err
	}
	return s.Store.Source(t)
}

func (s sqliteStore) Index(ns catalog.Namespace) (backends.Index, error) {
	t, err := optionsOf[sqlite.Table](ns)
	if err != nil {
		return nil, err
	}
	index, err := s.Store.Index(ns.Name).PublishedAs(ns.Publish).Over(t)
	if err != nil {
		return nil, err
	}
	return index, nil
}

func (s sqliteStore) Registry() (backends.Registry, error) { return s.Store.Registry(), nil }
