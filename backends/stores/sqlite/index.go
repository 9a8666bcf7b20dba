package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/reembed/reembed/backends"
)

// ownWrite is what a write takes at most when no other process is in its way: it
// queues behind those of this one.
const ownWrite = 5 * time.Second

// Index is the generations of one namespace.
type Index struct {
	store     *Store
	namespace string
	published string  // name of the view of the active generation; empty: none
	source    *Source // of its items; nil: unknown
}

var _ backends.Index = (*Index)(nil)

// Ping reads the list of generations.
func (x *Index) Ping(ctx context.Context) error {
	_, err := x.Generations(ctx)
	return err
}

// Traits of this store are always the same.
func (x *Index) Traits() backends.IndexTraits {
	return backends.IndexTraits{
		WriteTimeout: x.store.config.BusyTimeout + ownWrite,
		ForeignWriters: "an UPDATE of a vector clears the record's stamp (by trigger), and the next sync embeds its item again; " +
			"a record that is written with a copied stamp is found by sampling only",
	}
}

var notPlain = regexp.MustCompile(`[^a-z0-9_]`)

// prefix of the namespace's locators. Table names ignore case, so that a
// namespace that is not a plain lower-case name gets a hash of itself.
func (x *Index) prefix() string {
	plain := notPlain.ReplaceAllString(strings.ToLower(x.namespace), "_")
	plain = plain[:min(len(plain), 40)]
	if plain != x.namespace {
		plain += fmt.Sprintf("_%x", sha256.Sum256([]byte(x.namespace)))[:9]
	}
	return reserved + plain + "_"
}

// Locator is reembed_<namespace>_<fingerprint>.
func (x *Index) Locator(m backends.Model) string { return x.prefix() + m.Fingerprint() }

// own reports whether Locator can have made the locator.
func (x *Index) own(locator string) bool {
	rest, ok := strings.CutPrefix(locator, x.prefix())
	return ok && rest != "" && !strings.ContainsRune(rest, '_') && !notPlain.MatchString(rest)
}

const selectSpec = "SELECT locator, model, fingerprint, dimensions, metric FROM reembed_generations WHERE namespace = ?"

func scanSpec(row interface{ Scan(...any) error }) (spec backends.GenerationSpec, err error) {
	err = row.Scan(&spec.Locator, &spec.Model, &spec.Fingerprint, &spec.Dimensions, &spec.Metric)
	return spec, err
}

// Generations lists the namespace's.
func (x *Index) Generations(ctx context.Context) ([]backends.GenerationSpec, error) {
	var specs []backends.GenerationSpec
	err := x.store.rows(ctx, selectSpec+" ORDER BY locator", []any{x.namespace}, func(rows *sql.Rows) error {
		spec, err := scanSpec(rows)
		specs = append(specs, spec)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list generations of namespace %q: %w", x.namespace, err)
	}
	return specs, nil
}

// Create makes table and list entry in one transaction.
func (x *Index) Create(ctx context.Context, spec backends.GenerationSpec) (backends.Generation, error) {
	have, err := x.create(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("create generation %q: %w", spec.Locator, err)
	}
	return x.handle(have), nil
}

func (x *Index) create(ctx context.Context, spec backends.GenerationSpec) (have backends.GenerationSpec, err error) {
	switch {
	case !x.own(spec.Locator):
		return have, fmt.Errorf("%w: it is no locator of namespace %q", backends.ErrInvalidInput, x.namespace)
	case spec.Dimensions < 1 || spec.Dimensions > backends.MaxDimensions:
		return have, fmt.Errorf("%w: %d, between 1 and %d", backends.ErrDimension, spec.Dimensions, backends.MaxDimensions)
	}
	err = x.store.write(ctx, full, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO reembed_generations (locator, namespace, model, fingerprint, dimensions, metric, created_at)
			VALUES (?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')) ON CONFLICT DO NOTHING`,
			spec.Locator, x.namespace, spec.Model, spec.Fingerprint, spec.Dimensions, string(spec.Metric))
		if err != nil {
			return err
		}
		have, err = scanSpec(tx.QueryRowContext(ctx, selectSpec+" AND locator = ?", x.namespace, spec.Locator))
		same := have
		same.Model = spec.Model // for people only: two names may have one fingerprint
		if errors.Is(err, sql.ErrNoRows) || err == nil && same != spec {
			return fmt.Errorf("%w: there is one of another fingerprint, dimensions or metric", backends.ErrConflict)
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, tableOf(spec))
		return err
	})
	return have, err
}

// tableOf is the table of a generation. Our own writes replace whole rows, so
// that the trigger fires for others only.
func tableOf(spec backends.GenerationSpec) string {
	return fmt.Sprintf(`
CREATE TABLE IF NOT EXISTS %[1]s (
	id TEXT NOT NULL PRIMARY KEY,
	stamp TEXT NOT NULL DEFAULT '',
	vector BLOB NOT NULL CHECK (typeof(vector) = 'blob' AND length(vector) = %[3]d)
);
CREATE TRIGGER IF NOT EXISTS %[2]s AFTER UPDATE OF vector ON %[1]s WHEN new.stamp = old.stamp AND new.vector <> old.vector
BEGIN
	UPDATE %[1]s SET stamp = '' WHERE id = new.id;
END;`, quote(spec.Locator), quote(spec.Locator+"_foreign"), 4*spec.Dimensions)
}

// Open opens a generation of the namespace.
func (x *Index) Open(ctx context.Context, locator string) (backends.Generation, error) {
	spec, err := scanSpec(x.store.reader.QueryRowContext(ctx, selectSpec+" AND locator = ?", x.namespace, locator))
	if errors.Is(err, sql.ErrNoRows) {
		err = backends.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open generation %q of namespace %q: %w", locator, x.namespace, x.store.translate(err))
	}
	return x.handle(spec), nil
}

// Finish has nothing to build: every search is exact. It makes durable what was
// written with synchronous=NORMAL: a commit with FULL flushes the whole log up
// to itself, if it changes something, so a version is used up for it.
func (x *Index) Finish(ctx context.Context, locator string) error {
	if _, err := x.Open(ctx, locator); err != nil {
		return err
	}
	err := x.store.write(ctx, full, func(tx *sql.Tx) error {
		_, err := nextVersion(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("finish generation %q of namespace %q: %w", locator, x.namespace, err)
	}
	return nil
}

// Drop removes table and list entry in one transaction.
func (x *Index) Drop(ctx context.Context, locator string) error {
	err := x.store.write(ctx, full, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM reembed_generations WHERE namespace = ? AND locator = ?", x.namespace, locator)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "DROP TABLE IF EXISTS "+quote(locator))
		return err
	})
	if err != nil {
		return fmt.Errorf("drop generation %q: %w", locator, err)
	}
	return nil
}
