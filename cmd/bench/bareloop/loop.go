package bareloop

import (
	"context"
	"database/sql"
	"fmt"
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

// pageBatches is how many requests' items are read at once. A single query over
// the whole table would be no faster, and keep SQLite's log from being emptied.
const pageBatches = 10

func read(ctx context.Context, s Settings, db *sql.DB, out chan<- batch) error {
	defer close(out)
	page, err := db.PrepareContext(ctx, fmt.Sprintf("SELECT id, text FROM %s WHERE id > ? ORDER BY id LIMIT ?", s.Table))
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer page.Close()
	for after := ""; ; {
		items, err := readPage(ctx, page, after, pageBatches*s.BatchSize)
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if len(items.ids) == 0 {
			return nil
		}
		after = items.ids[len(items.ids)-1]
		for from := 0; from < len(items.ids); from += s.BatchSize {
			to := min(from+s.BatchSize, len(items.ids))
			select {
			case out <- batch{ids: items.ids[from:to], texts: items.texts[from:to]}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

func readPage(ctx context.Context, page *sql.Stmt, after string, limit int) (items batch, err error) {
	rows, err := page.QueryContext(ctx, after, limit)
	if err != nil {
		return items, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return items, err
		}
		items.ids, items.texts = append(items.ids, id), append(items.texts, text)
	}
	return items, rows.Err()
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
