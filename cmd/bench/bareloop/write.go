package bareloop

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// write is the only one that writes; its last transaction is committed when
// there is nothing more to come.
func write(ctx context.Context, s Settings, db *sql.DB, in <-chan batch, written *int) error {
	for more := true; more; {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		if more, err = fill(ctx, s, tx, in, written); err != nil {
			_ = tx.Rollback() // the run has failed already
			return fmt.Errorf("write: %w", err)
		}
		if err := tx.Commit(); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	return nil
}

// fill writes batches into one transaction until it is large enough.
func fill(ctx context.Context, s Settings, tx *sql.Tx, in <-chan batch, written *int) (more bool, err error) {
	many, err := newInsert(ctx, tx, s.Locator, rowsAtOnce)
	if err != nil {
		return false, err
	}
	defer many.stmt.Close()
	one, err := newInsert(ctx, tx, s.Locator, 1)
	if err != nil {
		return false, err
	}
	defer one.stmt.Close()
	for rows := 0; rows < s.WriteRows; {
		b, ok := <-in
		if !ok {
			return false, nil
		}
		whole := len(b.ids) - len(b.ids)%rowsAtOnce
		if err := many.run(ctx, b, 0, whole); err != nil {
			return false, err
		}
		if err := one.run(ctx, b, whole, len(b.ids)); err != nil {
			return false, err
		}
		rows += len(b.ids)
		*written += len(b.ids)
	}
	return true, nil
}

// rowsAtOnce is how many rows one statement writes; more made nothing faster.
const rowsAtOnce = 20

// insert is a statement that writes so many rows.
type insert struct {
	stmt *sql.Stmt
	rows int
	args []any
	blob []byte
}

func newInsert(ctx context.Context, tx *sql.Tx, locator string, rows int) (*insert, error) {
	values := strings.Join(slices.Repeat([]string{"(?, ?, ?)"}, rows), ", ")
	stmt, err := tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (id, stamp, vector) VALUES %s", locator, values))
	return &insert{stmt: stmt, rows: rows}, err
}

func (n *insert) run(ctx context.Context, b batch, from, to int) error {
	for ; from < to; from += n.rows {
		n.args, n.blob = n.args[:0], n.blob[:0]
		for i := from; i < from+n.rows; i++ {
			begin := len(n.blob)
			n.blob = appendVector(n.blob, b.vectors[i])
			n.args = append(n.args, b.ids[i], b.stamps[i], n.blob[begin:])
		}
		if _, err := n.stmt.ExecContext(ctx, n.args...); err != nil {
			return err
		}
	}
	return nil
}

func appendVector(b []byte, v []float32) []byte {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}
