package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// writers change a namespace's table with SQL, as applications do that know
// nothing of reembed, until they are stopped.
type writers struct {
	stop   context.CancelFunc
	group  sync.WaitGroup
	failed error
}

// applies begins to insert, edit, delete and re-create items of the table.
func (r *rig) applies(namespace string) *writers {
	r.t.Helper()
	ctx, stop := context.WithCancel(r.t.Context())
	w := &writers{stop: stop}
	db, err := sql.Open("sqlite", "file:"+r.dbPath()+"?_txlock=immediate&_busy_timeout=60000")
	require.NoError(r.t, err)
	w.group.Go(func() {
		defer db.Close()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if err := change(ctx, db, namespace, n); err != nil && ctx.Err() == nil {
				w.failed = err
				return
			}
		}
	})
	r.t.Cleanup(func() { w.stop(); w.group.Wait() })
	return w
}

// change is one change of an application's.
func change(ctx context.Context, db *sql.DB, table string, n int) error {
	id := fmt.Sprintf("%s/%05d", table, n*7%200)
	text := fmt.Sprintf("written in turn %d, and of subject%d", n, n*31)
	var err error
	switch n % 4 {
	case 0:
		_, err = db.ExecContext(ctx, fmt.Sprintf("UPDATE %q SET text = ? WHERE id = ?", table), text, id)
	case 1:
		_, err = db.ExecContext(ctx, fmt.Sprintf("DELETE FROM %q WHERE id = ?", table), id)
	default: // what was deleted comes back, too
		_, err = db.ExecContext(ctx, fmt.Sprintf("INSERT INTO %q (id, text) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET text = excluded.text", table), id, text)
	}
	return err
}

// end stops the writers.
func (w *writers) end(t *testing.T) {
	t.Helper()
	w.stop()
	w.group.Wait()
	require.NoError(t, w.failed)
}
