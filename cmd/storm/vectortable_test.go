package storm

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
)

// vectorTable is an application's table whose application embeds as well: it
// writes the vector, with its stamp, to the locator of the route that it knows, in
// the transaction of the text.
type vectorTable struct {
	*table
	view     *view
	tally    *tally
	patience time.Duration // how old that route may be

	mu   sync.Mutex
	now  pointer
	read time.Time
}

// follow reads the route; before the first switch there is none.
func (v *vectorTable) follow(ctx context.Context) error {
	now, err := v.view.route(ctx, v.db)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now, v.read = now, time.Now()
	return nil
}

func (v *vectorTable) at(ctx context.Context) (pointer, error) {
	v.mu.Lock()
	now, old := v.now, time.Since(v.read) > v.patience
	v.mu.Unlock()
	if !old {
		return now, nil
	}
	if err := v.follow(ctx); err != nil {
		return pointer{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now, nil
}

// write changes table and generation in one transaction. A generation that is gone
// has a successor.
func (v *vectorTable) write(ctx context.Context, change func(t *table, tx *sql.Tx, at pointer) error) error {
	now, err := v.at(ctx)
	if err != nil {
		return err
	}
	err = v.transact(ctx, now, change)
	if err == nil || !strings.Contains(err.Error(), "no such table: "+now.Locator) {
		return err
	}
	if err := v.follow(ctx); err != nil {
		return err
	}
	if now, err = v.at(ctx); err != nil {
		return err
	}
	return v.transact(ctx, now, change)
}

func (v *vectorTable) transact(ctx context.Context, at pointer, change func(t *table, tx *sql.Tx, at pointer) error) error {
	tx, err := v.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := change(&table{v.name, v.db, tx}, tx, at); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if now, err := v.view.route(ctx, tx); err == nil && now.Locator != at.Locator && at.Locator != "" {
		v.tally.late()
	}
	return tx.Commit()
}

// record writes the vector of a text.
func (v *vectorTable) record(ctx context.Context, tx *sql.Tx, at pointer, id, text string) error {
	if at.Locator == "" {
		return nil
	}
	made, err := vector(at.Model, text)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("INSERT OR REPLACE INTO %q (id, stamp, vector) VALUES (?, ?, ?)", at.Locator),
		id, "r1:"+at.Fingerprint+":"+hash(text), pack(made))
	return err
}

// forget deletes a record.
func (v *vectorTable) forget(ctx context.Context, tx *sql.Tx, at pointer, id string) error {
	if at.Locator == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("DELETE FROM %q WHERE id = ?", at.Locator), id)
	return err
}

func (v *vectorTable) put(ctx context.Context, id string, c content) error {
	return v.write(ctx, func(t *table, tx *sql.Tx, at pointer) error {
		return errors.Join(t.put(ctx, id, c), v.record(ctx, tx, at, id, c.text))
	})
}

func (v *vectorTable) edit(ctx context.Context, way int, id string, c content) error {
	return v.write(ctx, func(t *table, tx *sql.Tx, at pointer) error {
		return errors.Join(t.edit(ctx, way, id, c), v.record(ctx, tx, at, id, c.text))
	})
}

func (v *vectorTable) remove(ctx context.Context, id string) error {
	return v.write(ctx, func(t *table, tx *sql.Tx, at pointer) error {
		return errors.Join(t.remove(ctx, id), v.forget(ctx, tx, at, id))
	})
}

func (v *vectorTable) rename(ctx context.Context, from, to string) error {
	return v.write(ctx, func(t *table, tx *sql.Tx, at pointer) error {
		var text string
		err := tx.QueryRowContext(ctx, fmt.Sprintf("SELECT body FROM %q WHERE id = ?", t.name), from).Scan(&text)
		if err != nil {
			return err
		}
		return errors.Join(t.rename(ctx, from, to), v.forget(ctx, tx, at, from), v.record(ctx, tx, at, to, text))
	})
}

// pack is a vector as it is stored: little-endian float32.
func pack(v []float32) []byte {
	var raw []byte
	for _, f := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
	}
	return raw
}
