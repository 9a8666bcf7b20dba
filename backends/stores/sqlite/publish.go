package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/reembed/reembed/backends"
)

var _ backends.Publisher = (*Index)(nil)

// CheckPublish returns an ErrInvalidInput for a name that no view may have.
func CheckPublish(name string) error {
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(lower, reserved) || strings.HasPrefix(lower, "sqlite_"):
		return fmt.Errorf("%w: view %q: names that begin with %s or sqlite_ are taken", backends.ErrInvalidInput, name, reserved)
	case !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0:
		return fmt.Errorf("%w: the view's name is none: not UTF-8, or with a NUL byte", backends.ErrInvalidInput)
	}
	return nil
}

// PublishedAs is the index with a name for the view of its active generation.
func (x *Index) PublishedAs(name string) *Index {
	named := *x
	named.published = name
	return &named
}

// viewOf is the statement that makes the view. SQLite keeps it word for word, and
// by it a view of ours is told from any other.
func (x *Index) viewOf(locator string) string {
	return "CREATE VIEW " + quote(x.published) + " AS SELECT id, stamp, vector FROM " + quote(locator)
}

// Publish makes or replaces the view, in one transaction: a reader sees the
// former generation or the new one. ErrConflict where something else has the
// name; ErrUnsupported without one.
func (x *Index) Publish(ctx context.Context, locator string) error {
	err := x.publish(ctx, locator)
	if err != nil {
		return fmt.Errorf("publish generation %q as %q: %w", locator, x.published, err)
	}
	return nil
}

func (x *Index) publish(ctx context.Context, locator string) error {
	if x.published == "" {
		return errNoName(x.namespace)
	}
	if err := CheckPublish(x.published); err != nil {
		return err
	}
	return x.store.write(ctx, full, func(tx *sql.Tx) error {
		if _, err := scanSpec(tx.QueryRowContext(ctx, selectSpec+" AND locator = ?", x.namespace, locator)); err != nil {
			if errors.Is(err, sql.ErrNoRows) {
				return backends.ErrNotFound
			}
			return err
		}
		now, err := x.shown(tx.QueryRowContext(ctx, selectView, x.published))
		switch {
		case errors.Is(err, backends.ErrNotFound):
		case err != nil:
			return err
		case now == locator:
			return nil
		default:
			if _, err := tx.ExecContext(ctx, "DROP VIEW "+quote(x.published)); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, x.viewOf(locator))
		return err
	})
}

// Published is what the view shows.
func (x *Index) Published(ctx context.Context) (string, error) {
	if x.published == "" {
		return "", errNoName(x.namespace)
	}
	locator, err := x.shown(x.store.reader.QueryRowContext(ctx, selectView, x.published))
	if err != nil {
		return "", fmt.Errorf("published as %q: %w", x.published, x.store.translate(err))
	}
	return locator, nil
}

// Names of tables and views ignore the case of ASCII letters.
const selectView = "SELECT type, ifnull(sql, '') FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view', 'index', 'trigger')"

// shown is the locator that a view of ours shows: ErrNotFound where there is
// nothing of the name, ErrConflict where it is something else.
func (x *Index) shown(row *sql.Row) (string, error) {
	var kind, statement string
	err := row.Scan(&kind, &statement)
	if errors.Is(err, sql.ErrNoRows) {
		return "", backends.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	before, after, _ := strings.Cut(x.viewOf("\x00"), "\x00")
	rest, ours := strings.CutPrefix(statement, before)
	locator, closed := strings.CutSuffix(rest, after)
	if kind != "view" || !ours || !closed || !x.own(locator) {
		return "", fmt.Errorf("%w: there is a %s of that name, which reembed did not make for namespace %q", backends.ErrConflict, kind, x.namespace)
	}
	return locator, nil
}

func errNoName(namespace string) error {
	return fmt.Errorf("%w: namespace %q has no name to publish under", backends.ErrUnsupported, namespace)
}
