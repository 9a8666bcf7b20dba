package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// makeChanges is an application that knows nothing of reembed: it inserts, edits,
// replaces and deletes, in transactions of several statements of which some are
// rolled back: one for each line that it reads, and prints a line behind it.
func makeChanges(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=10000&_txlock=immediate")
	if err != nil {
		return err
	}
	orders := bufio.NewScanner(os.Stdin)
	for round := 0; orders.Scan(); round++ {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		id := fmt.Sprintf("item-%d", round*7%30)
		for _, statement := range []string{
			fmt.Sprintf("INSERT OR REPLACE INTO docs (id, text) VALUES ('%s', 'text %d')", id, round),
			fmt.Sprintf("UPDATE OR IGNORE docs SET text = text || '!' WHERE id = 'item-%d'", round%30),
			fmt.Sprintf("DELETE FROM docs WHERE id = 'item-%d'", round*11%30),
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		if round%5 == 4 {
			err = tx.Rollback()
		} else {
			err = tx.Commit()
		}
		if err != nil {
			return err
		}
		if _, err := fmt.Println(round); err != nil {
			return err
		}
	}
	return orders.Err()
}

// TestKilledWritersChanges follows the changes of an application that is killed
// in the middle of its work: what is kept of each item is what the table has.
func TestKilledWritersChanges(t *testing.T) {
	t.Parallel()
	path, _ := application(t, `CREATE TABLE docs (id TEXT PRIMARY KEY, text TEXT)`)
	source := sourceOf(t, path, sqlite.Table{Name: "docs", Capture: sqlite.CaptureJournal})
	c, ok := backends.As[backends.Capture](source)
	require.True(t, ok)
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	have := map[string]string{}
	follow := func() int {
		page, err := c.Changes(t.Context(), "one", "", 10)
		require.NoError(t, err)
		var ids []string
		for _, change := range page.Items {
			ids = append(ids, change.ID)
			delete(have, change.ID)
		}
		items, err := source.Lookup(t.Context(), ids)
		require.NoError(t, err)
		for _, item := range items {
			have[item.ID] = item.Text
		}
		require.NoError(t, c.Acknowledge(t.Context(), "one", page.Items))
		return len(page.Items)
	}
	for range 3 {
		cmd := command(t, "changes", path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		orders, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		order := func(n int) {
			_, err := io.WriteString(orders, strings.Repeat("go\n", n))
			require.NoError(t, err)
		}
		for range 25 {
			order(1)
			require.True(t, lines.Scan())
			follow()
		}
		order(200) // it is killed in the middle of these
		require.True(t, lines.Scan())
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		for follow() > 0 {
		}
		want := map[string]string{}
		for _, item := range sweep(t, source, 100) {
			want[item.ID] = item.Text
		}
		require.NotEmpty(t, want)
		require.Equal(t, want, have)
	}
}
