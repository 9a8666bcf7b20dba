package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/reembed/reembed/backends"
)

// failure is an error of SQLite that was translated.
type failure struct {
	path, advice string
	sentinel     error
	cause        error
}

func (f *failure) Error() string {
	return f.sentinel.Error() + ": " + f.path + ": " + f.advice + ": " + f.cause.Error()
}

func (f *failure) Unwrap() []error { return []error{f.sentinel, f.cause} }

// translate gives an error of SQLite the sentinel that callers act on, and says
// which file it is about and what can be done. Other errors, those of the
// context among them, pass; so does what was translated before.
func (s *Store) translate(err error) error {
	var done *failure
	var e *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &done):
		return err
	case strings.HasSuffix(err.Error(), "sql: database is closed"), errors.Is(err, sql.ErrConnDone):
		return &failure{path: s.config.Path, advice: "the store was closed", sentinel: backends.ErrUnavailable, cause: err}
	case !errors.As(err, &e):
		return err
	}
	advice, sentinel := meaning(e)
	return &failure{path: s.config.Path, advice: advice, sentinel: sentinel, cause: err}
}

// meaning is the table of result codes. Only what may pass by itself is
// ErrUnavailable; without a sentinel an error would be tried again for as long
// as a job may run.
func meaning(e *sqlite.Error) (advice string, sentinel error) {
	switch e.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_PROTOCOL:
		return "another process holds the database's lock", backends.ErrUnavailable
	case codes.SQLITE_FULL:
		return "there is no room left on the disk, or the database has its max_page_count: make room", backends.ErrUnavailable
	case codes.SQLITE_IOERR, codes.SQLITE_NOMEM, codes.SQLITE_INTERRUPT, codes.SQLITE_SCHEMA:
		return "the database can't be read or written now", backends.ErrUnavailable
	case codes.SQLITE_READONLY:
		return "the database may not be written: see owner and mode of the file and of its folder", backends.ErrUnauthorized
	case codes.SQLITE_PERM, codes.SQLITE_AUTH, codes.SQLITE_CANTOPEN:
		return "the file can't be opened: see owner and mode of the file and of its folder", backends.ErrUnauthorized
	case codes.SQLITE_NOTADB:
		return "the file is not an SQLite database: does the path name another file, or was it overwritten?", backends.ErrDamaged
	case codes.SQLITE_CORRUPT:
		return "the database is damaged: restore a backup, or save what `sqlite3 FILE .recover` reads", backends.ErrDamaged
	case codes.SQLITE_TOOBIG, codes.SQLITE_MISMATCH, codes.SQLITE_CONSTRAINT:
		return "the database refuses the value", backends.ErrInvalidInput
	}
	switch text := e.Error(); {
	case ownTable.MatchString(text):
		return "a table of reembed's own is gone: restore a backup", backends.ErrDamaged
	case strings.Contains(text, "no such table"):
		return "the table does not exist", backends.ErrNotFound
	case strings.Contains(text, "no such column"):
		return "the table has no such column: was it changed?", backends.ErrUnsupported
	}
	return "the database refuses the statement", backends.ErrUnsupported
}

// ownTable finds the tables without which a file was never opened. That they
// are gone must not look like a registry that has no such record.
var ownTable = regexp.MustCompile(`no such table: (main\.)?reembed_(registry|versions|generations|consumers|changes|seen)\b`)
