package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

// childEnv makes this test's program one of the children below instead.
const childEnv = "REEMBED_SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childEnv); role != "" {
		if err := child(role, os.Args[len(os.Args)-1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func command(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], path)
	cmd.Env = append(os.Environ(), childEnv+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

const perBatch = 50

// child writes into the store at path: batches without end, or a hundred
// increments of one registry record.
func child(role, path string) error {
	ctx := context.Background()
	switch role {
	case "denied":
		return denied(ctx, path)
	case "changes":
		return makeChanges(ctx, path)
	}
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	switch role {
	case "batches":
		return errors.Join(writeBatches(ctx, s), s.Close())
	case "increments":
		return errors.Join(increment(ctx, s.Registry(), 100), s.Close())
	}
	return fmt.Errorf("no such role %q", role)
}

// writeBatches prints a batch's number when it is written.
func writeBatches(ctx context.Context, s *sqlite.Store) error {
	docs, err := s.Source(sqlite.Table{Name: "docs"})
	if err != nil {
		return err
	}
	x := s.Index("ns")
	m := testModel(backends.Cosine)
	g, err := x.Create(ctx, backends.SpecOf(m, x.Locator(m)))
	if err != nil {
		return err
	}
	for batch := 0; ; batch++ {
		var items []backends.Item
		var records []backends.Record
		for i := range perBatch {
			id := fmt.Sprintf("%06d-%02d", batch, i)
			items = append(items, backends.Item{ID: id, Text: strings.Repeat(id, 50)})
			records = append(records, backends.Record{ID: id, Vector: []float32{float32(batch), float32(i + 1)}})
		}
		if err := docs.PutItems(ctx, items); err != nil {
			return err
		}
		if err := g.Upsert(ctx, records); err != nil {
			return err
		}
		if _, err := fmt.Println(batch); err != nil {
			return err
		}
	}
}

// TestKilled kills a writing process with SIGKILL: what it said is there, and
// each batch is there as a whole or not at all.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, after := range []int{0, 7, 60} {
		path := filepath.Join(t.TempDir(), "store.db")
		cmd := command(t, "batches", path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		said := -1
		lines := bufio.NewScanner(out)
		for said < after && lines.Scan() {
			said, err = strconv.Atoi(lines.Text())
			require.NoError(t, err)
		}
		require.NoError(t, cmd.Process.Kill())
		for lines.Scan() { // what it said until it died
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				said = max(said, n)
			}
		}
		require.Error(t, cmd.Wait())
		require.GreaterOrEqual(t, said, after)

		s := openStore(t, path)
		docs, err := s.Source(sqlite.Table{Name: "docs"})
		require.NoError(t, err)
		items := sweep(t, docs, 1000)
		require.Zero(t, len(items)%perBatch, "all items of a batch or none")
		require.GreaterOrEqual(t, len(items), (said+1)*perBatch, "what was acknowledged is there")
		x := s.Index("ns")
		g, err := x.Open(t.Context(), x.Locator(testModel(backends.Cosine)))
		require.NoError(t, err)
		n, err := g.Count(t.Context())
		require.NoError(t, err)
		require.Zero(t, n%perBatch, "all records of a batch or none")
		require.GreaterOrEqual(t, n, int64(said+1)*perBatch)
		require.LessOrEqual(t, n, int64(len(items)), "records come after their items")
		var ok string
		require.NoError(t, openRaw(t, path).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&ok))
		require.Equal(t, "ok", ok)
	}
}

// increment counts by compare-and-swap.
func increment(ctx context.Context, r backends.Registry, times int) error {
	for done := 0; done < times; {
		n := 0
		e, err := r.Get(ctx, "count", "n")
		switch {
		case errors.Is(err, backends.ErrNotFound):
		case err != nil:
			return err
		default:
			if n, err = strconv.Atoi(string(e.Value)); err != nil {
				return err
			}
		}
		v, err := r.Put(ctx, "count", "n", e.Version, []byte(strconv.Itoa(n+1)))
		if errors.Is(err, backends.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := fmt.Println(v); err != nil {
			return err
		}
		done++
	}
	return nil
}

// TestProcessesRace lets three processes count in one record of a new file,
// while this one reads and writes as well.
func TestProcessesRace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	const processes = 3
	outputs := make([]string, processes)
	errs := make([]error, processes)
	var wg sync.WaitGroup
	for i := range processes {
		cmd := command(t, "increments", path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		wg.Go(func() {
			raw, err := io.ReadAll(out)
			outputs[i], errs[i] = string(raw), errors.Join(err, cmd.Wait())
		})
	}
	s := openStore(t, path)
	for i := range 20 {
		_, err := s.Registry().Put(t.Context(), "mine", strconv.Itoa(i), 0, []byte("{}"))
		require.NoError(t, err)
	}
	wg.Wait()
	versions := map[string]bool{}
	for i := range processes {
		require.NoError(t, errs[i])
		for _, v := range strings.Fields(outputs[i]) {
			require.False(t, versions[v], "version %s comes twice", v)
			versions[v] = true
		}
	}
	require.Len(t, versions, processes*100)
	e, err := s.Registry().Get(t.Context(), "count", "n")
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(processes*100), string(e.Value), "no update is lost")
}
