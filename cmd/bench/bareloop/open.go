package bareloop

import (
	"database/sql"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the driver
)

// open opens the file with the pragmas of reembed's own store (package
// backends/stores/sqlite): WAL, NORMAL, the same cache, the same checkpoints.
func open(path string, readOnly bool) (*sql.DB, error) {
	q := url.Values{
		"_busy_timeout": {"10000"}, "_synchronous": {"NORMAL"}, "_txlock": {"immediate"},
		"_pragma": {"cache_size(-16384)", "wal_autocheckpoint(32768)", "journal_size_limit(134217728)"},
	}
	if readOnly {
		q.Set("_query_only", "1")
	}
	db, err := sql.Open("sqlite", "file:"+path+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}
