package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
	_ "modernc.org/sqlite/vec" // installs sqlite-vec in every connection

	"github.com/reembed/reembed/backends"
)

const (
	// readers is how many reads of one process run at once.
	readers = 4
	// walPages is how many pages the log has before the writer moves them into the
	// database, which flushes both files, while others wait. SQLite's own 1,000 are
	// three writes of a sync. See flusher.
	walPages = 32_768
	// walBytes is what is kept of the log's file, of pages of 4 KiB.
	walBytes = walPages * 4096
	// Page caches of a connection, in KiB. Sweeps read each page once, and need
	// the inner pages of their trees alone: SQLite's default is as fast for them as
	// eight times as much. Writes go back to the leaves of an index.
	readerCache = 2 << 10
	writerCache = 16 << 10
)

// engine is this package's own driver, so that its SQL function reaches no
// other user of SQLite in the process.
var engine = newEngine()

func newEngine() *sqlite.Driver {
	d := &sqlite.Driver{}
	d.MustRegisterFunction("reembed_dot", &sqlite.FunctionImpl{
		NArgs: 2, Deterministic: true, VolatileArgs: true, Scalar: dotFunction,
	})
	return d
}

// connector opens connections of engine.
type connector struct{ dsn string }

func (c connector) Connect(context.Context) (driver.Conn, error) { return engine.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return engine }

// dsn is the address of the file with all that every connection needs. Names
// that don't resolve are errors, not strings (_dqs).
func (c Config) dsn(readOnly bool) string {
	path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(c.Path))
	cache := writerCache
	if readOnly {
		cache = readerCache
	}
	q := url.Values{
		"_busy_timeout": {strconv.FormatInt(c.BusyTimeout.Milliseconds(), 10)},
		"_synchronous":  {"NORMAL"},
		"_txlock":       {"immediate"},
		"_dqs":          {"0"},
		"_error_rc":     {"1"},
		"_pragma": {
			fmt.Sprintf("cache_size(-%d)", cache),
			fmt.Sprintf("wal_autocheckpoint(%d)", walPages), fmt.Sprintf("journal_size_limit(%d)", walBytes),
		},
	}
	switch {
	case c.ReadOnly:
		q.Set("mode", "ro")
		q.Set("_query_only", "1")
	case readOnly:
		q.Set("_query_only", "1")
	}
	return "file:" + path + "?" + q.Encode()
}

// Open opens the file, and makes it if need be.
//
// Errors: ErrInvalidInput (a bad Config), ErrDamaged (the file is no database),
// ErrNotFound (the folder, or with ReadOnly the store), ErrUnauthorized (the
// file may not be opened or written), ErrUnsupported (made by a newer reembed,
// or by others in a way that this driver can't use), ErrUnavailable.
func Open(ctx context.Context, c Config) (*Store, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("open sqlite store %q: %w", c.Path, err)
	}
	if _, err := os.Stat(filepath.Dir(c.Path)); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open %s: %w: its folder does not exist: create it", c.Path, backends.ErrNotFound)
	}
	if _, err := os.Stat(c.Path); c.ReadOnly && errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open %s: %w: there is no such file", c.Path, backends.ErrNotFound)
	}
	s := &Store{
		config: c,
		reader: sql.OpenDB(connector{c.dsn(true)}),
		writer: sql.OpenDB(connector{c.dsn(false)}),
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	s.writer.SetMaxOpenConns(1)
	if err := s.begin(ctx); err != nil {
		err = fmt.Errorf("open %s: %w", c.Path, s.translate(err))
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// begin makes sure that the file is what this package can work with.
func (s *Store) begin(ctx context.Context) error {
	var encoding string
	if err := s.writer.QueryRowContext(ctx, "PRAGMA encoding").Scan(&encoding); err != nil {
		return err
	}
	file, err := os.Stat(s.config.Path) // it is there: a connection has read it
	if err != nil {
		return err
	}
	s.file = file
	if encoding != "UTF-8" {
		return fmt.Errorf("%w: the database's encoding is %s, it has to be UTF-8", backends.ErrUnsupported, encoding)
	}
	if !s.config.ReadOnly {
		if err := s.enterWAL(ctx); err != nil {
			return err
		}
	}
	return s.prepareSchema(ctx)
}

// enterWAL changes the journal mode, which is kept in the file. SQLite does not
// wait for others here, whatever the busy timeout.
func (s *Store) enterWAL(ctx context.Context) error {
	for begun := time.Now(); ; {
		var mode string
		err := s.writer.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil:
			return fmt.Errorf("%w: the file can't be put into WAL mode (it is in mode %s): is it on a network file system?", backends.ErrUnsupported, mode)
		case !errors.Is(s.translate(err), backends.ErrUnavailable), time.Since(begun) > s.config.BusyTimeout:
			return err
		}
		pause := time.NewTimer(10 * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}
