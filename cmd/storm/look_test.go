package storm

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// looker takes snapshots of a set's generations.
type looker interface {
	// active is what the route points at.
	active(ctx context.Context) (snapshot, error)
	// standby is another generation, by its model's name; not there when there is none.
	standby(ctx context.Context, model string) (shot snapshot, there bool, err error)
}

// pointer is the route as an application in any language reads it.
type pointer struct {
	Generation  int64  `json:"generation"`
	Locator     string `json:"locator"`
	Model       string `json:"model"`
	Fingerprint string `json:"fingerprint"`
	Dimensions  int    `json:"dimensions"`
}

// view is a namespace in an SQLite file, as SQL sees it.
type view struct {
	namespace string
	table     string
	db        *sql.DB
}

// queryer is a database or a transaction of one.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// reading runs f in a transaction that sees one moment and takes no lock.
func (s *view) reading(ctx context.Context, f func(queryer) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(f(tx), tx.Rollback())
}

// route reads where the namespace is searched.
func (s *view) route(ctx context.Context, q queryer) (p pointer, err error) {
	var raw string
	err = q.QueryRowContext(ctx, "SELECT value FROM reembed_registry WHERE kind = 'route' AND key = ?", s.namespace).Scan(&raw)
	if err != nil {
		return p, fmt.Errorf("route of %s: %w", s.namespace, err)
	}
	return p, json.Unmarshal([]byte(raw), &p)
}

// items reads the application's table.
func (s *view) items(ctx context.Context, q queryer) (map[string]content, error) {
	items := map[string]content{}
	return items, each(ctx, q, fmt.Sprintf("SELECT id, body, meta FROM %q", s.table), func(rows *sql.Rows) error {
		var id string
		var c content
		err := rows.Scan(&id, &c.text, &c.payload)
		items[id] = c
		return err
	})
}

// records reads a generation.
func (s *view) records(ctx context.Context, q queryer, locator string) (map[string]record, error) {
	records := map[string]record{}
	return records, each(ctx, q, fmt.Sprintf("SELECT id, stamp, vector FROM %q", locator), func(rows *sql.Rows) error {
		var id string
		var r record
		var raw []byte
		err := rows.Scan(&id, &r.stamp, &raw)
		r.vector = decode(raw)
		records[id] = r
		return err
	})
}

func each(ctx context.Context, q queryer, query string, f func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func decode(raw []byte) []float32 {
	v := make([]float32, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v
}

func (s *view) active(ctx context.Context) (shot snapshot, err error) {
	err = s.reading(ctx, func(q queryer) error {
		p, err := s.route(ctx, q)
		if err != nil {
			return err
		}
		shot, err = s.shot(ctx, q, p.Locator, p.Model, p.Fingerprint)
		return err
	})
	return shot, err
}

func (s *view) standby(ctx context.Context, model string) (shot snapshot, there bool, err error) {
	err = s.reading(ctx, func(q queryer) error {
		var locator, fingerprint string
		err := q.QueryRowContext(ctx, "SELECT locator, fingerprint FROM reembed_generations WHERE namespace = ? AND model = ?",
			s.namespace, model).Scan(&locator, &fingerprint)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find the generation of %s: %w", model, err)
		}
		there = true
		shot, err = s.shot(ctx, q, locator, model, fingerprint)
		return err
	})
	return shot, there, err
}

func (s *view) shot(ctx context.Context, q queryer, locator, model, fingerprint string) (shot snapshot, err error) {
	shot = snapshot{locator: locator, model: model, fingerprint: fingerprint}
	if shot.items, err = s.items(ctx, q); err != nil {
		return shot, fmt.Errorf("read the items: %w", err)
	}
	if shot.records, err = s.records(ctx, q, locator); err != nil {
		return shot, fmt.Errorf("read the generation: %w", err)
	}
	return shot, nil
}
