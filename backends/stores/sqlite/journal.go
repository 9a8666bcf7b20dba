package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reembed/reembed/backends"
)

// journal is capture by triggers: they write each change down in the
// application's own transaction, one row for each item and consumer. A later
// change of the item takes the row's place, so that there are never more rows
// than items that were there.
type journal struct{ source *Source }

// kept is what is known of a consumer.
type kept struct {
	number        int64 // -1: there is none
	bytes, budget int64
}

func (k kept) over() bool { return k.bytes > k.budget }

// find looks a consumer up.
func (s *Source) find(ctx context.Context, q querier, name string, kind Capture) (kept, error) {
	k := kept{number: -1}
	err := scanAll(ctx, q, "SELECT consumer, bytes, max_bytes FROM reembed_consumers WHERE source = ? AND name = ? AND kind = ?",
		[]any{s.table.Name, name, string(kind)}, func(rows *sql.Rows) error { return rows.Scan(&k.number, &k.bytes, &k.budget) })
	if err != nil {
		return k, fmt.Errorf("find consumer: %w", err)
	}
	return k, nil
}

// whole returns ErrChangesLost unless the consumer is there with all its changes.
func (j journal) whole(ctx context.Context, q querier, name string) (kept, error) {
	k, err := j.source.find(ctx, q, name, CaptureJournal)
	switch {
	case err != nil:
		return k, err
	case k.number < 0:
		return k, fmt.Errorf("%w: it is not subscribed", backends.ErrChangesLost)
	case k.over():
		return k, fmt.Errorf("%w: it fell behind by more than %d MiB (journal_max_mb)", backends.ErrChangesLost, k.budget>>20)
	}
	want, err := j.source.triggers(ctx, q, k.number)
	if errors.Is(err, backends.ErrUnsupported) {
		return k, fmt.Errorf("%w: %w", backends.ErrChangesLost, err)
	}
	if err != nil {
		return k, err
	}
	have, err := installed(ctx, q, k.number)
	if err != nil {
		return k, err
	}
	if !slices.Equal(have, want) {
		return k, fmt.Errorf("%w: the triggers on the table are not those that were made for it: it was changed, or made anew", backends.ErrChangesLost)
	}
	return k, nil
}

// installed are the triggers of a consumer that are there, in the order of triggerRoles.
func installed(ctx context.Context, q querier, consumer int64) ([]trigger, error) {
	byName := map[string]trigger{}
	names := make([]string, len(triggerRoles))
	for i, role := range triggerRoles {
		names[i] = triggerName(consumer, role)
	}
	list, err := inList(names)
	if err != nil {
		return nil, err
	}
	err = scanAll(ctx, q, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name"+in, []any{list}, func(rows *sql.Rows) error {
		var t trigger
		err := rows.Scan(&t.name, &t.sql)
		byName[t.name] = t
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at triggers: %w", err)
	}
	var found []trigger
	for _, name := range names {
		if t, ok := byName[name]; ok {
			found = append(found, t)
		}
	}
	return found, nil
}

// subscribe makes the triggers, unless they are there.
func (j journal) subscribe(ctx context.Context, tx *sql.Tx, name string) error {
	_, err := j.whole(ctx, tx, name)
	if !errors.Is(err, backends.ErrChangesLost) {
		return err
	}
	if err := j.source.forget(ctx, tx, name); err != nil {
		return err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO reembed_consumers (source, name, kind, definition, mark, pending, bytes, max_bytes)
		VALUES (?, ?, ?, '', 0, 0, 0, ?)`, j.source.table.Name, name, string(CaptureJournal), j.source.table.JournalMaxBytes)
	if err != nil {
		return err
	}
	number, err := res.LastInsertId()
	if err != nil {
		return err
	}
	triggers, err := j.source.triggers(ctx, tx, number)
	if err != nil {
		return err
	}
	for _, t := range triggers {
		if _, err := tx.ExecContext(ctx, t.sql); err != nil {
			return fmt.Errorf("make trigger %s: %w", t.name, err)
		}
	}
	return nil
}

// clearConsumer drops triggers and changes of a consumer.
func clearConsumer(ctx context.Context, tx *sql.Tx, number int64) error {
	for _, role := range triggerRoles {
		if _, err := tx.ExecContext(ctx, "DROP TRIGGER IF EXISTS "+quote(triggerName(number, role))); err != nil {
			return err
		}
	}
	for _, table := range []string{"reembed_changes", "reembed_seen"} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE consumer = ?", number); err != nil {
			return err
		}
	}
	return nil
}

// forget removes a consumer of any kind with all that is kept for it.
func (s *Source) forget(ctx context.Context, tx *sql.Tx, name string) error {
	var numbers []int64
	err := scanAll(ctx, tx, "SELECT consumer FROM reembed_consumers WHERE source = ? AND name = ?", []any{s.table.Name, name}, func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		numbers = append(numbers, n)
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := clearConsumer(ctx, tx, n); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM reembed_consumers WHERE consumer = ?", n); err != nil {
			return err
		}
	}
	return nil
}

// changes reads in the order of the last changes.
func (j journal) changes(ctx context.Context, q querier, name string, after backends.Cursor, limit int) (backends.Changes, error) {
	page := backends.Changes{Next: after, Done: true}
	behind, err := backends.CheckChanges(after, limit)
	if err != nil {
		return page, err
	}
	k, err := j.whole(ctx, q, name)
	if err != nil {
		return page, err
	}
	const query = "SELECT mark, id FROM reembed_changes WHERE consumer = ? AND mark > ? ORDER BY mark"
	err = scanAll(ctx, q, query, []any{k.number, behind}, func(rows *sql.Rows) error {
		var mark int64
		var id string
		if err := rows.Scan(&mark, &id); err != nil {
			return fmt.Errorf("scan change: %w", err)
		}
		if !addressable(id) {
			return nil // no item has it; a full pass says so, with the SQL that finds the row
		}
		if len(page.Items) == limit {
			page.Done = false
			return errEnough
		}
		page.Next = backends.Cursor(strconv.FormatInt(mark, 10))
		page.Items = append(page.Items, backends.Change{ID: id, Mark: markOf(k.number, mark)})
		return nil
	})
	return page, err
}

// markOf is a change's mark: consumers' numbers never come again, and neither
// do marks of one consumer.
func markOf(consumer, mark int64) string { return fmt.Sprintf("%d:%d", consumer, mark) }

func parseMark(consumer int64, mark string) (int64, bool) {
	number, text, _ := strings.Cut(mark, ":")
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && number == strconv.FormatInt(consumer, 10) && text == strconv.FormatInt(n, 10)
}

// acknowledge takes out the rows that have exactly these ids and marks.
func (j journal) acknowledge(ctx context.Context, tx *sql.Tx, name string, done []backends.Change) error {
	k, err := j.whole(ctx, tx, name)
	if err != nil {
		return err
	}
	stmt, err := tx.PrepareContext(ctx, "DELETE FROM reembed_changes WHERE consumer = ? AND mark = ? AND id = ?")
	if err != nil {
		return err
	}
	defer stmt.Close()
	var rows, bytes int64
	for _, d := range done {
		mark, ok := parseMark(k.number, d.Mark)
		if !ok {
			continue
		}
		res, err := stmt.ExecContext(ctx, k.number, mark, d.ID)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		rows += n
		bytes += n * int64(len(d.ID)+changeBytes)
	}
	_, err = tx.ExecContext(ctx, "UPDATE reembed_consumers SET pending = pending - ?, bytes = bytes - ? WHERE consumer = ?", rows, bytes, k.number)
	return err
}

// pending is what Consumers says.
func (j journal) pending(ctx context.Context, q querier, name string) (n int64, err error) {
	k, err := j.whole(ctx, q, name)
	if errors.Is(err, backends.ErrChangesLost) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	err = scanAll(ctx, q, "SELECT pending FROM reembed_consumers WHERE consumer = ?", []any{k.number}, func(rows *sql.Rows) error { return rows.Scan(&n) })
	return n, err
}
