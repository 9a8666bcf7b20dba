package e2e

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/workflows"
)

// vectorWriter is an application that writes texts, and their vectors to the
// generation of the model that it was deployed with, whatever the route says now.
type vectorWriter struct {
	r       *rig
	db      *sql.DB
	at      pointer
	embed   backends.Embedder
	written map[string]string // id -> the stamp and vector that it wrote last
	n       int
}

func (r *rig) vectorWriter() *vectorWriter {
	r.t.Helper()
	db, err := sql.Open("sqlite", "file:"+r.dbPath()+"?_pragma=busy_timeout(30000)&_txlock=immediate")
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = db.Close() })
	w := &vectorWriter{r: r, db: db, at: r.route("docs"), written: map[string]string{}}
	w.embed, err = hashing.New(backends.Model{Name: w.at.Model, Dimensions: w.at.Dimensions}, hashing.Config{})
	require.NoError(r.t, err)
	return w
}

// write makes a new item, or edits one, with its vector in the same transaction.
func (w *vectorWriter) write(ctx context.Context) error {
	w.n++
	id := fmt.Sprintf("docs/%05d", w.n%40)
	if w.n%2 == 0 {
		id = fmt.Sprintf("written/%05d", w.n)
	}
	text := fmt.Sprintf("what the application wrote as its number %d about topic%d", w.n, w.n*104729)
	answer, err := w.embed.Embed(ctx, backends.Document, []string{text})
	if err != nil {
		return err
	}
	vector := answer.Vectors[0]
	// Its floats are not ours to the last bit: whoever embeds again is found out.
	last := len(vector) - 1
	vector[last] = math.Float32frombits(math.Float32bits(vector[last]) + 1)
	raw := make([]byte, 0, 4*len(vector))
	for _, x := range vector {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	sum := sha256.Sum256([]byte(text))
	stamp := "r1:" + w.at.Fingerprint + ":" + hex.EncodeToString(sum[:16])
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // of what is committed it is none
	if _, err = tx.Exec("INSERT INTO docs (id, text) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET text = excluded.text", id, text); err != nil {
		return err
	}
	if _, err = tx.Exec(fmt.Sprintf("INSERT OR REPLACE INTO %q (id, stamp, vector) VALUES (?, ?, ?)", w.at.Locator), id, stamp, raw); err != nil {
		return err
	}
	if err = tx.Commit(); err == nil {
		w.written[id] = stamp + string(raw)
	}
	return err
}

// until writes until the condition of a job holds.
func (w *vectorWriter) until(ctx context.Context, done <-chan struct{}) error {
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-every.C:
			if err := w.write(ctx); err != nil {
				return err
			}
		}
	}
}

// untouched: what the writer wrote to its generation is there as it wrote it.
func (w *vectorWriter) untouched() {
	w.r.t.Helper()
	db := w.r.open()
	have := column(w.r, db, fmt.Sprintf("SELECT id, CAST(stamp AS BLOB) || vector FROM %q", w.at.Locator))
	for id, want := range w.written {
		require.Equal(w.r.t, want, have[id], "record of %s", id)
	}
}

// TestWriterOfVectorsOnTheOldModel: an application embeds for itself, and goes on
// with the model that it was deployed with while a job moves the namespace, and
// behind the switch. Its stamps are as good as ours; no job deletes what it wrote
// or embeds it again; and what it writes reaches the new model.
func TestWriterOfVectorsOnTheOldModel(t *testing.T) {
	t.Parallel()
	s := setting{latency: 20 * time.Millisecond, items: 400}
	s.catalog = strings.Replace(s.file(), "writes: text", "writes: vectors", 1)
	r := newRig(t, s)
	w := r.vectorWriter()
	for range 30 {
		require.NoError(t, w.write(t.Context()))
	}
	require.Contains(t, r.reembed("diff", "docs"), "nothing missing, extra, stale or of another model")
	w.untouched()

	r.worker()
	job := r.begin(workflows.Request{Namespace: "docs", To: "large", BatchSize: 4})
	copied, stopped := make(chan struct{}), make(chan error, 1)
	go func() { stopped <- w.until(t.Context(), copied) }()
	before := w.at
	r.await(job, "the copy, while the application writes", func(s workflows.Status) bool {
		return s.Phase == workflows.CatchingUp || s.Phase == workflows.Verifying || s.State.Final()
	})
	close(copied)
	require.NoError(t, <-stopped)
	require.Greater(t, len(w.written), 40)
	r.complete(job, "docs")
	w.untouched()

	// It has not noticed the switch.
	for range 10 {
		require.NoError(t, w.write(t.Context()))
	}
	require.Equal(t, before.Locator, w.at.Locator)
	out, code := r.tryReembed("diff", "docs")
	require.Equal(t, 1, code, out)
	r.reembed("diff", "docs", "--repair")
	r.everyVectorIsRight("docs", "large")
	w.untouched()
}

// TestVectorsWithoutStamps: of vectors that an application wrote without saying
// what made them the plan says so, and what to do.
func TestVectorsWithoutStamps(t *testing.T) {
	t.Parallel()
	s := setting{items: 20}
	s.catalog = strings.Replace(s.file(), "writes: text", "writes: vectors", 1)
	r := newRig(t, s)
	w := r.vectorWriter()
	_, err := w.db.Exec(fmt.Sprintf("UPDATE %q SET vector = zeroblob(256) WHERE id = 'docs/00003'", w.at.Locator))
	require.NoError(t, err)
	out, code := r.tryReembed("plan", "docs", "--to", "large")
	require.Equal(t, 1, code, out)
	require.Contains(t, out, fmt.Sprintf(`whoever writes vectors has to write the stamp "r1:%s:<content hash>" with each`, w.at.Fingerprint))
	require.Contains(t, r.reembed("plan", "docs", "--to", "large", "--foreign-stamps", "stale"), "taken as stale")
	require.Contains(t, r.reembed("catalog", "check"), "found by sampling only")
}
