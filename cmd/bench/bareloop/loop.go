package bareloop

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reembed/reembed/backends"
)

// Settings of one run.
type Settings struct {
	Database    string // path of the SQLite file
	Table       string // of the items: id, text
	Locator     string // table of the generation, which is there
	Fingerprint string // for the stamps
	BatchSize   int    // inputs of one request
	Concurrency int    // requests at once
	WriteRows   int    // rows of one transaction
}

// Result is what a run did.
type Result struct {
	Items   int           `json:"items"`
	Took    time.Duration `json:"took"`     // from before the first read to behind the last commit
	CPU     time.Duration `json:"cpu"`      // of the whole process until then
	PeakRSS int64         `json:"peak_rss"` // bytes
}

// batch is one request, and its answer.
type batch struct {
	ids, texts, stamps []string
	vectors            [][]float32
}

// Run copies the whole table.
func Run(ctx context.Context, s Settings, e backends.Embedder) (Result, error) {
	reader, err := open(s.Database, true)
	if err != nil {
		return Result{}, err
	}
	defer reader.Close()
	writer, err := open(s.Database, false)
	if err != nil {
		return Result{}, err
	}
	defer writer.Close()

	begun := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	asked, answered := make(chan batch, s.Concurrency), make(chan batch, s.Concurrency)
	group.Go(func() error { return read(ctx, s, reader, asked) })
	embedders, ectx := errgroup.WithContext(ctx)
	for range s.Concurrency {
		embedders.Go(func() error { return embed(ectx, s, e, asked, answered) })
	}
	group.Go(func() error { defer close(answered); return embedders.Wait() })
	res := Result{}
	group.Go(func() error { return write(ctx, s, writer, answered, &res.Items) })
	err = group.Wait()
	res.Took = time.Since(begun)
	return res, err
}

func read(ctx context.Context, s Settings, db *sql.DB, out chan<- batch) error {
	defer close(out)
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT id, text FROM %s ORDER BY id", s.Table))
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer rows.Close()
	var b batch
	flush := func() error {
		if len(b.ids) == 0 {
			return nil
		}
		select {
		case out <- b:
			b = batch{}
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		b.ids, b.texts = append(b.ids, id), append(b.texts, text)
		if len(b.ids) == s.BatchSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return flush()
}

func embed(ctx context.Context, s Settings, e backends.Embedder, in <-chan batch, out chan<- batch) error {
	for b := range in {
		answer, err := e.Embed(ctx, backends.Document, b.texts)
		if err != nil {
			return fmt.Errorf("embed: %w", err)
		}
		b.vectors = answer.Vectors
		b.stamps = make([]string, len(b.texts))
		for i, text := range b.texts {
			b.stamps[i] = backends.Stamp{Content: backends.ContentHash(text), Fingerprint: s.Fingerprint}.String()
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

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
	stmt, err := tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (id, stamp, vector) VALUES (?, ?, ?)", s.Locator))
	if err != nil {
		return false, err
	}
	defer stmt.Close()
	var blob []byte
	for rows := 0; rows < s.WriteRows; {
		b, ok := <-in
		if !ok {
			return false, nil
		}
		for i, id := range b.ids {
			blob = appendVector(blob[:0], b.vectors[i])
			if _, err := stmt.ExecContext(ctx, id, b.stamps[i], blob); err != nil {
				return false, err
			}
		}
		rows += len(b.ids)
		*written += len(b.ids)
	}
	return true, nil
}

func appendVector(b []byte, v []float32) []byte {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}
