package rig

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/url"
)

// view opens the place's database for reading, with no code of the store's.
func (p *Place) view() (*sql.DB, error) {
	q := url.Values{"_busy_timeout": {"10000"}, "_query_only": {"1"}}
	return sql.Open("sqlite", "file:"+p.file(database)+"?"+q.Encode())
}

// Digest is a hash of all records of the place's one generation: ids, stamps and
// vectors. It is how the benchmark knows that both did the same work.
func (p *Place) Digest(ctx context.Context) (string, error) {
	db, err := p.view()
	if err != nil {
		return "", err
	}
	defer db.Close()
	var locator string
	if err := db.QueryRowContext(ctx, "SELECT locator FROM reembed_generations").Scan(&locator); err != nil {
		return "", fmt.Errorf("find the generation: %w", err)
	}
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT id, stamp, vector FROM %q ORDER BY id", locator))
	if err != nil {
		return "", fmt.Errorf("read the generation: %w", err)
	}
	defer rows.Close()
	sum, n := sha256.New(), 0
	for rows.Next() {
		var id, stamp, vector sql.RawBytes
		if err := rows.Scan(&id, &stamp, &vector); err != nil {
			return "", fmt.Errorf("read the generation: %w", err)
		}
		for _, part := range [][]byte{id, stamp, vector} {
			fmt.Fprintf(sum, "%d:", len(part))
			sum.Write(part)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("read the generation: %w", err)
	}
	if n != p.items {
		return "", fmt.Errorf("the generation has %d records, the source %d items", n, p.items)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:16]), nil
}
