package sweep

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/memory"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// place is the store of one trial, and a way to look at what it holds that is
// not the one by which jobs do.
type place struct {
	source   backends.Source
	index    backends.Index
	registry backends.Registry
	// damage makes a text one that the source can't read as text.
	damage func(ctx context.Context, id string) error
	look   func(ctx context.Context) (snapshot, error)
	close  func() error
}

// snapshot is all that a store holds.
type snapshot struct {
	items       map[string]item
	generations map[string]map[string]row // locator -> id -> record
	entries     map[string]entry          // kind/key -> record of the registry
}

type item struct {
	text    string
	payload string
	damaged bool
}

// row is a record: its vector as stored, little-endian float32.
type row struct{ stamp, vector, payload string }

type entry struct {
	version int64
	value   string
}

// stores are the kinds of places.
var stores = []string{"memory", "sqlite"}

func open(ctx context.Context, store, dir string) (*place, error) {
	if store == "memory" {
		return openMemory(ctx)
	}
	return openSQLite(ctx, filepath.Join(dir, "trial.db"))
}

// openMemory opens a store that copies payloads.
func openMemory(ctx context.Context) (*place, error) {
	s, err := memory.Open(ctx, memory.Config{CopiesPayload: true})
	if err != nil {
		return nil, err
	}
	p := &place{source: s.Source("docs"), index: s.Index("docs").Over("docs"), registry: s.Registry(), close: s.Close}
	p.damage = func(ctx context.Context, id string) error {
		return s.Source("docs").PutItems(ctx, []backends.Item{{ID: id, Defect: "damaged"}})
	}
	p.look = p.read
	return p, nil
}

// kinds are those of the registry's records: List asks for one at a time.
var kinds = []string{"route", "lease", "canary", "quarantine", "job"}

// read looks through the roles, of which the memory store has nothing below.
func (p *place) read(ctx context.Context) (snapshot, error) {
	s := snapshot{items: map[string]item{}, generations: map[string]map[string]row{}, entries: map[string]entry{}}
	all := backends.PageLimit{Items: 10_000}
	items, err := p.source.ReadPage(ctx, backends.Range{}, "", all)
	if err != nil {
		return s, err
	}
	for _, it := range items.Items {
		s.items[it.ID] = item{text: it.Text, payload: string(it.Payload), damaged: it.Defect != ""}
	}
	specs, err := p.index.Generations(ctx)
	if err != nil {
		return s, err
	}
	for _, spec := range specs {
		if s.generations[spec.Locator], err = p.rows(ctx, spec.Locator); err != nil {
			return s, err
		}
	}
	for _, kind := range kinds {
		entries, err := p.registry.List(ctx, kind, "", "", 10_000)
		if err != nil {
			return s, err
		}
		for _, e := range entries {
			s.entries[kind+"/"+e.Key] = entry{e.Version, string(e.Value)}
		}
	}
	return s, nil
}

func (p *place) rows(ctx context.Context, locator string) (map[string]row, error) {
	g, err := p.index.Open(ctx, locator)
	if err != nil {
		return nil, err
	}
	stamps, err := g.ReadStamps(ctx, backends.Range{}, "", backends.PageLimit{Items: 10_000})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(stamps.Items))
	for i, s := range stamps.Items {
		ids[i] = s.ID
	}
	records, err := g.Fetch(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]row, len(records))
	for _, r := range records {
		var vector bytes.Buffer
		for _, x := range r.Vector {
			_ = binary.Write(&vector, binary.LittleEndian, math.Float32bits(x))
		}
		rows[r.ID] = row{stamp: r.Stamp.String(), vector: vector.String(), payload: string(r.Payload)}
	}
	return rows, nil
}

// openSQLite opens a store in a file, whose table of items is the application's.
func openSQLite(ctx context.Context, path string) (*place, error) {
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	db.SetMaxOpenConns(1)
	p := &place{registry: s.Registry()}
	p.close = func() error { return errors.Join(db.Close(), s.Close()) }
	p.look = func(ctx context.Context) (snapshot, error) { return query(ctx, db) }
	p.damage = func(ctx context.Context, id string) error {
		_, err := db.ExecContext(ctx, "INSERT INTO docs VALUES (?, NULL) ON CONFLICT (id) DO UPDATE SET text = NULL", id)
		return err
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT)")
	if err == nil {
		table := sqlite.Table{Name: "docs", Capture: sqlite.CaptureJournal}
		p.source, err = s.Source(table)
		if err == nil {
			p.index, err = s.Index("docs").Over(table)
		}
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// query looks with SQL alone, by the documented schema.
func query(ctx context.Context, db *sql.DB) (snapshot, error) {
	s := snapshot{items: map[string]item{}, generations: map[string]map[string]row{}, entries: map[string]entry{}}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // one moment for all that is read
	if err != nil {
		return s, err
	}
	defer func() { _ = tx.Rollback() }()
	err = scan(ctx, tx, "SELECT id, coalesce(text, ''), text IS NULL FROM docs", func(id, text string, damaged bool) {
		s.items[id] = item{text: text, damaged: damaged}
	})
	if err == nil {
		err = scan(ctx, tx, "SELECT kind || '/' || key, value, version FROM reembed_registry", func(name, value string, version int64) {
			s.entries[name] = entry{version, value}
		})
	}
	if err == nil {
		err = scan(ctx, tx, "SELECT locator, '', 0 FROM reembed_generations", func(locator, _ string, _ int) {
			s.generations[locator] = map[string]row{}
		})
	}
	for locator, rows := range s.generations {
		if err == nil {
			err = scan(ctx, tx, fmt.Sprintf("SELECT id, stamp, vector FROM %q", locator), func(id, stamp, vector string) {
				rows[id] = row{stamp: stamp, vector: vector}
			})
		}
	}
	return s, err
}

// scan hands each row of three columns to fn.
func scan[A, B, C any](ctx context.Context, tx *sql.Tx, query string, fn func(A, B, C)) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a A
		var b B
		var c C
		if err := rows.Scan(&a, &b, &c); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
		fn(a, b, c)
	}
	return rows.Err()
}
