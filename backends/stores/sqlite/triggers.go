package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
)

// changeBytes is what a change counts beside its id: a row and its entry of the index.
const changeBytes = 64

// trigger is one that writes changes of a table down for a consumer.
type trigger struct{ name, sql string }

// triggerRoles are the last parts of the triggers' names.
var triggerRoles = []string{"insert", "delete", "update", "key", "insert_over", "update_over"}

// triggerName is what a consumer's trigger is called.
func triggerName(consumer int64, role string) string {
	return fmt.Sprintf("%scapture_%d_%s", reserved, consumer, role)
}

// idOf is the id of a key, as SQL: text that is compared byte by byte, whatever
// the key column's own collation.
func idOf(key string) string { return "CAST(" + key + " AS TEXT) COLLATE BINARY" }

// hasID is the condition that a key can be an id, as far as SQL can tell.
func hasID(key string) string {
	return fmt.Sprintf("typeof(%[1]s) IN ('text', 'integer') AND %[1]s <> '' AND instr(%[1]s, char(0)) = 0", key)
}

// writeDown are the statements that write one change down: of the item whose id
// is an SQL expression, which is NULL where there is none. A change that is there
// already is taken out first and not replaced in one step: in a trigger, SQLite
// takes the conflict clause of the application's statement, and OR IGNORE would
// leave the mark as it was. Counted is what was not there.
func writeDown(consumer int64, id string) string {
	return fmt.Sprintf(`
	DELETE FROM reembed_changes WHERE consumer = %[1]d AND id = %[2]s;
	UPDATE reembed_consumers SET mark = mark + 1, pending = pending + 1 - changes(),
		bytes = bytes + (1 - changes()) * (length(CAST(%[2]s AS BLOB)) + %[3]d)
		WHERE consumer = %[1]d AND bytes <= max_bytes AND %[2]s IS NOT NULL;
	INSERT INTO reembed_changes (consumer, mark, id)
		SELECT consumer, mark, %[2]s FROM reembed_consumers
		WHERE consumer = %[1]d AND bytes <= max_bytes AND %[2]s IS NOT NULL;`, consumer, id, changeBytes)
}

// triggers are what captures the table's changes for a consumer, as the table is
// now. They use nothing that plain SQLite does not have.
func (s *Source) triggers(ctx context.Context, q querier, consumer int64) ([]trigger, error) {
	uniques, err := s.uniques(ctx, q)
	if err != nil {
		return nil, err
	}
	var all []trigger
	add := func(role, event, when, body string) {
		name := triggerName(consumer, role)
		all = append(all, trigger{name, fmt.Sprintf("CREATE TRIGGER %s %s ON %s\nWHEN %s\nBEGIN%s\nEND", quote(name), event, s.keys.table, when, body)})
	}
	before, after := "OLD."+s.keys.column, "NEW."+s.keys.column
	moved := idOf(before) + " IS NOT " + idOf(after)
	add("insert", "AFTER INSERT", hasID(after), writeDown(consumer, idOf(after)))
	add("delete", "AFTER DELETE", hasID(before), writeDown(consumer, idOf(before)))
	add("update", "AFTER UPDATE", hasID(after)+" AND ("+moved+" OR "+s.differs()+")", writeDown(consumer, idOf(after)))
	add("key", "AFTER UPDATE", hasID(before)+" AND "+moved, writeDown(consumer, idOf(before)))
	// REPLACE deletes whatever row has one of the new row's unique values, and fires
	// no trigger for it: such rows are looked for before.
	var inserts, updates strings.Builder
	var touched []string
	for _, u := range uniques {
		inserts.WriteString(writeDown(consumer, u.other(s.keys, after)))
		updates.WriteString(writeDown(consumer, u.other(s.keys, before)))
		touched = append(touched, u.changed()...)
	}
	if len(uniques) > 0 {
		add("insert_over", "BEFORE INSERT", "1", inserts.String())
		add("update_over", "BEFORE UPDATE", strings.Join(touched, " OR "), updates.String())
	}
	return all, nil
}

// differs is the condition that the item in a row is another than before. A
// column's own collation may take different texts for equal, and 1 is 1.0.
func (s *Source) differs() string {
	var terms []string
	for _, column := range []string{s.table.Text, s.table.Payload} {
		if column != "" {
			c := quote(column)
			terms = append(terms, fmt.Sprintf("OLD.%[1]s IS NOT NEW.%[1]s COLLATE BINARY OR typeof(OLD.%[1]s) <> typeof(NEW.%[1]s)", c))
		}
	}
	return strings.Join(terms, " OR ")
}

// unique is what keeps rows apart, beside the key: the columns of an index.
type unique struct{ columns, collations []string }

// other is the id of the row, beside the one with the key, that has the new row's
// values; as SQL, NULL if there is none.
func (u unique) other(k keys, key string) string {
	terms := []string{hasID(k.column), idOf(k.column) + " IS NOT " + idOf(key)}
	for i, c := range u.columns {
		terms = append(terms, fmt.Sprintf("%[1]s COLLATE %[2]s = NEW.%[1]s", c, u.collations[i]))
	}
	return "(SELECT " + idOf(k.column) + " FROM " + k.table + " WHERE " + strings.Join(terms, " AND ") + ")"
}

func (u unique) changed() []string {
	out := make([]string, len(u.columns))
	for i, c := range u.columns {
		out[i] = fmt.Sprintf("OLD.%[1]s IS NOT NEW.%[1]s COLLATE BINARY", c)
	}
	return out
}

const selectUniques = `
SELECT l.name, l.partial, coalesce(x.name, ''), x.coll
 FROM pragma_index_list(?1) AS l, pragma_index_xinfo(l.name) AS x WHERE l."unique" AND x.key
 ORDER BY l.name, x.seqno`

// rowidKey is the column that is the rowid, which is unique without an index.
const rowidKey = `SELECT name FROM pragma_table_info(?1) WHERE pk > 0
 AND (SELECT count(*) = 1 FROM pragma_table_info(?1) WHERE pk > 0)
 AND NOT EXISTS (SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk')`

// uniques are all that keep the table's rows apart, beside the key's own bytes.
// ErrUnsupported for an index whose values a trigger can't look up.
func (s *Source) uniques(ctx context.Context, q querier) ([]unique, error) {
	var all []unique
	var last string
	err := scanAll(ctx, q, selectUniques, []any{s.table.Name}, func(rows *sql.Rows) error {
		var index, column, collation string
		var partial bool
		if err := rows.Scan(&index, &partial, &column, &collation); err != nil {
			return fmt.Errorf("scan index: %w", err)
		}
		if partial || column == "" {
			return fmt.Errorf("%w: unique index %s of table %s is partial or on an expression, so that a REPLACE may delete rows unseen: set capture: none (full passes), or changed_at",
				backends.ErrUnsupported, index, s.keys.table)
		}
		if index != last {
			all = append(all, unique{})
		}
		last = index
		u := &all[len(all)-1]
		u.columns, u.collations = append(u.columns, quote(column)), append(u.collations, quote(collation))
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = scanAll(ctx, q, rowidKey, []any{s.table.Name}, func(rows *sql.Rows) error {
		var column string
		if err := rows.Scan(&column); err != nil {
			return fmt.Errorf("scan key: %w", err)
		}
		all = append(all, unique{[]string{quote(column)}, []string{`"BINARY"`}})
		return nil
	})
	return slices.DeleteFunc(all, func(u unique) bool {
		return len(u.columns) == 1 && strings.EqualFold(u.columns[0], s.keys.column) && strings.EqualFold(u.collations[0], `"BINARY"`)
	}), err
}
