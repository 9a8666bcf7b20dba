package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// twoStores is a catalog whose namespaces keep their registries apart.
const twoStores = `stores:
  a: {driver: sqlite, path: ./a.db}
  b: {driver: sqlite, path: ./b.db}
embedders:
  builtin: {driver: hashing}
models:
  m: {embedder: builtin, dimensions: 64}
namespaces:
  docs: {store: a, table: docs, model: m}
  images: {store: b, table: images, model: m}
`

// After Temporal's retention a job is found in whichever registry has it.
func TestJobThatTemporalForgot(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "reembed.yaml")
	require.NoError(t, os.WriteFile(file, []byte(twoStores), 0o600))
	a := &app{catalog: file}
	w, err := a.world()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	reg, err := w.Registry(t.Context(), "images")
	require.NoError(t, err)
	want := workflows.Status{Job: "j", Namespace: "images", To: "m", State: workflows.Completed, StartedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	raw, err := json.Marshal(want)
	require.NoError(t, err)
	_, err = records.PutJob(t.Context(), reg, records.Job{ID: "j", Namespace: "images", State: "COMPLETED", Status: raw})
	require.NoError(t, err)

	got, err := recorded(t.Context(), w, "j")
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = recorded(t.Context(), w, "other")
	require.ErrorIs(t, err, backends.ErrNotFound)

	require.Contains(t, printed(t, func(p *app) error {
		p.catalog = file
		return p.printRecorded(t.Context(), "j", starter.ErrNotFound)
	}), "state      COMPLETED\n")
	err = (&app{catalog: file}).printRecorded(t.Context(), "other", starter.ErrNotFound)
	require.Equal(t, exitNotFound, exitCode(err))
	require.ErrorContains(t, err, "nor in a registry of")
	// Without a catalog the answer is still that there is no such job.
	err = (&app{catalog: file + ".none"}).printRecorded(t.Context(), "j", starter.ErrNotFound)
	require.ErrorIs(t, err, starter.ErrNotFound)
}
