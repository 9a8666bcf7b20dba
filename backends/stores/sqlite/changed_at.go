package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reembed/reembed/backends"
)

// changedAt is capture by a column that the application keeps: an item changed
// when it lies behind the consumer's time, less the overlap, and is not as it was
// when it was acknowledged. What was acknowledged is kept by its mark, which has
// the item's contents in it, as long as it lies in the overlap: two changes of one
// second are two changes.
type changedAt struct{ source *Source }

// definition tells a consumer from one that was made for other columns.
func (c changedAt) definition() string {
	t := c.source.table
	return strings.Join([]string{quote(t.Key), quote(t.Text), quote(t.Payload), quote(t.ChangedAt)}, ",")
}

func (c changedAt) column() string { return quote(c.source.table.ChangedAt) }

// since is what a consumer has: its number, and the time from which on it looks;
// nil is the beginning.
func (c changedAt) since(ctx context.Context, q querier, name string) (number int64, since any, err error) {
	number = -1
	err = scanAll(ctx, q, "SELECT consumer, since FROM reembed_consumers WHERE source = ? AND name = ? AND kind = ? AND definition = ?",
		[]any{c.source.table.Name, name, string(CaptureChangedAt), c.definition()},
		func(rows *sql.Rows) error { return rows.Scan(&number, &since) })
	if err == nil && number < 0 {
		err = fmt.Errorf("%w: it is not subscribed, or was for other columns", backends.ErrChangesLost)
	}
	return number, since, err
}

// subscribe begins at the greatest time there is.
func (c changedAt) subscribe(ctx context.Context, tx *sql.Tx, name string) error {
	_, _, err := c.since(ctx, tx, name)
	if !errors.Is(err, backends.ErrChangesLost) {
		return err
	}
	last, err := c.last(ctx, tx)
	if err != nil {
		return err
	}
	if err := c.source.forget(ctx, tx, name); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO reembed_consumers (source, name, kind, definition, mark, pending, bytes, max_bytes, since)
		VALUES (?, ?, ?, ?, 0, -1, 0, 0, ?)`, c.source.table.Name, name, string(CaptureChangedAt), c.definition(), last.capped(time.Now()).value)
	return err
}

// last is the greatest time of the table; its value is nil where there is none. The least
// is looked at, too: NULL comes before and BLOBs come behind all that is taken,
// and numbers come before texts.
func (c changedAt) last(ctx context.Context, q querier) (last moment, err error) {
	for _, order := range []string{"ASC", "DESC"} {
		first := last
		query := fmt.Sprintf("SELECT +%[1]s FROM %[2]s ORDER BY %[1]s %[3]s LIMIT 1", c.column(), c.source.keys.table, order)
		err = scanAll(ctx, q, query, nil, func(rows *sql.Rows) error {
			var value any
			if err := rows.Scan(&value); err != nil {
				return fmt.Errorf("scan time: %w", err)
			}
			last, err = momentOf(value, c.source.table.ChangedAt)
			return err
		})
		if err == nil && first.value != nil && !first.comparable(last) {
			_, err = momentOf(nil, c.source.table.ChangedAt)
		}
		if err != nil {
			return moment{}, err
		}
	}
	return last, nil
}

// stamped is an item with its time and its mark.
type stamped struct {
	id   string
	at   moment
	mark string
	seen bool // it is as it was when it was acknowledged
}

// walk hands out the items of the window behind a place, in the order of their times.
func (c changedAt) walk(ctx context.Context, q querier, number int64, since any, after *place, each func(stamped) error) error {
	s := c.source
	query := "SELECT " + s.values() + ", +" + c.column() + ", (SELECT mark FROM reembed_seen WHERE consumer = ? AND id = " + idOf(s.keys.table+"."+s.keys.column) + ")" +
		" FROM " + s.keys.table
	args := []any{number}
	var where []string
	if since != nil {
		where = append(where, c.column()+" >= ?")
		args = append(args, moment{since}.earlier(s.table.Overlap))
	}
	if after != nil {
		where = append(where, "("+c.column()+", "+s.keys.column+") > (?, ?)")
		args = append(args, after.at.value, after.id)
	}
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	query += " ORDER BY " + c.column() + ", " + s.keys.column
	var row itemRow
	return scanAll(ctx, q, query, args, func(rows *sql.Rows) error {
		var value any
		var seen sql.NullString
		if err := rows.Scan(&row.key, &row.text, &row.payload, &value, &seen); err != nil {
			return fmt.Errorf("scan item: %w", err)
		}
		one, err := c.stamp(number, &row, value)
		if err != nil {
			return err
		}
		one.seen = seen.String == one.mark
		return each(one)
	})
}

// stamp is the item of a row with its mark: its time, and a hash of all it has.
func (c changedAt) stamp(number int64, row *itemRow, value any) (stamped, error) {
	item, err := c.source.item(row)
	if err != nil {
		return stamped{}, err
	}
	at, err := momentOf(value, c.source.table.ChangedAt)
	if err != nil {
		return stamped{}, err
	}
	payload := "none"
	if item.Payload != nil {
		payload = backends.PayloadHash(item.Payload)
	}
	hash := backends.ContentHash(strings.Join([]string{item.ID, at.String(), item.Defect, payload, item.Text}, "\x00"))
	return stamped{id: item.ID, at: at, mark: fmt.Sprintf("%d:%s", number, hash)}, nil
}

// place is a cursor.
type place struct {
	at moment
	id string
}

func (p place) cursor() (backends.Cursor, error) {
	raw, err := json.Marshal([2]string{p.at.String(), p.id})
	return backends.Cursor(raw), err
}

func parsePlace(after backends.Cursor) (*place, error) {
	if after == "" {
		return nil, nil
	}
	var parts [2]string
	at, ok := moment{}, false
	if json.Unmarshal([]byte(after), &parts) == nil {
		at, ok = parseMoment(parts[0])
	}
	if !ok {
		return nil, fmt.Errorf("%w: not a cursor of this consumer", backends.ErrInvalidInput)
	}
	return &place{at, parts[1]}, nil
}

// changes reads until one change more than the page has, to know whether it is the last.
func (c changedAt) changes(ctx context.Context, q querier, name string, after backends.Cursor, limit int) (backends.Changes, error) {
	page := backends.Changes{Next: after, Done: true}
	if limit < 1 {
		return page, fmt.Errorf("%w: a page of %d changes", backends.ErrInvalidInput, limit)
	}
	from, err := parsePlace(after)
	if err != nil {
		return page, err
	}
	number, since, err := c.since(ctx, q, name)
	if err != nil {
		return page, err
	}
	if _, err := c.last(ctx, q); err != nil {
		return page, err
	}
	err = c.walk(ctx, q, number, since, from, func(one stamped) error {
		if one.seen {
			return nil
		}
		if len(page.Items) == limit {
			page.Done = false
			return errEnough
		}
		page.Items = append(page.Items, backends.Change{ID: one.id, Mark: one.mark})
		var err error
		page.Next, err = place{one.at, one.id}.cursor()
		return err
	})
	return page, err
}

// acknowledge keeps the marks of those that are still as they were read, and
// moves the consumer's time up to the first that is not acknowledged.
func (c changedAt) acknowledge(ctx context.Context, tx *sql.Tx, name string, done []backends.Change) error {
	number, since, err := c.since(ctx, tx, name)
	if err != nil {
		return err
	}
	marks := map[string]map[string]bool{}
	var ids []string
	for _, d := range done {
		if !strings.HasPrefix(d.Mark, strconv.FormatInt(number, 10)+":") {
			continue
		}
		if marks[d.ID] == nil {
			marks[d.ID] = map[string]bool{}
			ids = append(ids, d.ID)
		}
		marks[d.ID][d.Mark] = true
	}
	current, err := c.current(ctx, tx, number, ids)
	if err != nil {
		return err
	}
	for _, one := range current {
		if !marks[one.id][one.mark] {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO reembed_seen (consumer, id, mark, changed_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (consumer, id) DO UPDATE SET mark = excluded.mark, changed_at = excluded.changed_at`,
			number, one.id, one.mark, one.at.value)
		if err != nil {
			return err
		}
	}
	return c.advance(ctx, tx, number, since)
}

// current reads items with their marks as they are now.
func (c changedAt) current(ctx context.Context, tx *sql.Tx, number int64, ids []string) (found []stamped, err error) {
	list, err := inList(ids)
	if err != nil {
		return nil, err
	}
	s := c.source
	query := "SELECT " + s.values() + ", +" + c.column() + " FROM " + s.keys.table + " WHERE " + s.keys.column + in
	var row itemRow
	err = scanAll(ctx, tx, query, []any{list}, func(rows *sql.Rows) error {
		var value any
		if err := rows.Scan(&row.key, &row.text, &row.payload, &value); err != nil {
			return fmt.Errorf("scan item: %w", err)
		}
		one, err := c.stamp(number, &row, value)
		found = append(found, one)
		return err
	})
	return found, err
}

// advance never goes back, and forgets the marks that lie before the overlap.
func (c changedAt) advance(ctx context.Context, tx *sql.Tx, number int64, since any) error {
	reached, err := c.last(ctx, tx)
	if err != nil {
		return err
	}
	err = c.walk(ctx, tx, number, since, nil, func(one stamped) error {
		if one.seen {
			return nil
		}
		reached = one.at
		return errEnough
	})
	if err != nil || reached.value == nil {
		return err
	}
	reached = reached.capped(time.Now())
	_, err = tx.ExecContext(ctx, "UPDATE reembed_consumers SET since = ?1 WHERE consumer = ?2 AND (since IS NULL OR since < ?1)", reached.value, number)
	if err != nil {
		return err
	}
	if err := scanAll(ctx, tx, "SELECT since FROM reembed_consumers WHERE consumer = ?", []any{number}, func(rows *sql.Rows) error {
		return rows.Scan(&since)
	}); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM reembed_seen WHERE consumer = ? AND changed_at < ?", number, moment{since}.earlier(c.source.table.Overlap))
	return err
}

// pending is not counted.
func (c changedAt) pending(context.Context, querier, string) (int64, error) { return -1, nil }
