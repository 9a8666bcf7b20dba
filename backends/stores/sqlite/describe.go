package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

var _ backends.Describer = (*Index)(nil)

// rowBytes is what a record takes beside id, stamp and vector: headers of the
// row and of its entry in the index of ids, and room that pages leave unused.
const rowBytes = 24

// Describe counts records; their bytes are an estimate from the first of them,
// as SQLite tells them exactly only by reading every page.
func (x *Index) Describe(ctx context.Context, locator string) (backends.GenerationInfo, error) {
	info := backends.GenerationInfo{}
	err := x.store.read(ctx, func(tx *sql.Tx) error {
		var err error
		info.GenerationSpec, err = scanSpec(tx.QueryRowContext(ctx, selectSpec+" AND locator = ?", x.namespace, locator))
		if errors.Is(err, sql.ErrNoRows) {
			return backends.ErrNotFound
		}
		if err != nil {
			return err
		}
		if info.CreatedAt, err = x.createdAt(ctx, tx, locator); err != nil {
			return err
		}
		var each float64
		query := fmt.Sprintf("SELECT (SELECT count(*) FROM %[1]s), (SELECT coalesce(avg(2 * length(CAST(id AS BLOB)) + length(stamp)), 0) FROM (SELECT id, stamp FROM %[1]s LIMIT 1000))", quote(locator))
		if err := tx.QueryRowContext(ctx, query).Scan(&info.Records, &each); err != nil {
			return err
		}
		info.Bytes = int64(float64(info.Records) * (each + float64(4*info.Dimensions+rowBytes)))
		return nil
	})
	if err != nil {
		return backends.GenerationInfo{}, fmt.Errorf("describe generation %q of namespace %q: %w", locator, x.namespace, err)
	}
	return info, nil
}

// createdAt is zero for what was made before schema version 2.
func (x *Index) createdAt(ctx context.Context, tx *sql.Tx, locator string) (time.Time, error) {
	var text string
	if x.store.schema < schemaVersion {
		return time.Time{}, nil
	}
	err := tx.QueryRowContext(ctx, "SELECT created_at FROM reembed_generations WHERE locator = ?", locator).Scan(&text)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%w: created_at is not a time", backends.ErrDamaged)
	}
	return at, nil
}
