package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// makeChanges is an application that knows nothing of reembed: it inserts, edits,
// replaces and deletes without end, some of it in transactions of several
// statements, and prints a line behind each commit.
func makeChanges(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=10000&_txlock=immediate")
	if err != nil {
		return err
	}
	for round := 0; ; round++ {
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
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for range 25 {
			require.True(t, lines.Scan())
			follow()
		}
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
