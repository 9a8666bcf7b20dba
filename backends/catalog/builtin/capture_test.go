package builtin_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
)

// What the catalog says of capture is what a source can do, and what people are told.
func TestCaptureOfNamespaces(t *testing.T) {
	t.Parallel()
	for keys, c := range map[string]struct {
		kind    backends.CaptureKind
		remark  string
		problem string
	}{
		`store: file`:                {"", "full passes", ""},
		`store: file, capture: none`: {"", "full passes", ""},
		`store: file, capture: journal, journal_max_mb: 3`: {backends.CaptureJournal, "journal, deletes among them", ""},
		`store: file, changed_at: at, overlap: 1m`:         {backends.CaptureChangedAt, "changed_at, and deletes by passes", ""},
		`store: file, capture: changed_at, changed_at: at`: {backends.CaptureChangedAt, "changed_at, and deletes by passes", ""},
		`store: file, capture: changed_at`:                 {"", "", "name its column"},
		`store: file, capture: journal, changed_at: at`:    {"", "", "and capture journal"},
		`store: file, capture: triggers`:                   {"", "", "none of none, journal, changed_at"},
		`store: file, capture: journal, journal_max_mb: 0`: {"", "", "not between 1"},
		`store: quick`: {backends.CaptureJournal, "journal, deletes among them", ""},
		`store: quick, capture: changed_at, max_changes: 10`: {backends.CaptureChangedAt, "changed_at, and deletes by passes", ""},
		`store: quick, capture: none`:                        {"", "full passes", ""},
	} {
		text := strings.Split(both, "namespaces:")[0] + "namespaces:\n  docs: {table: docs, model: small, " + keys + "}\n"
		if c.problem != "" {
			_, err := load(t, text)
			require.ErrorContains(t, err, c.problem, keys)
			continue
		}
		w := world(t, text)
		source, err := w.Source(t.Context(), "docs")
		require.NoError(t, err)
		capture, ok := backends.As[backends.Capture](source)
		require.Equal(t, c.kind != "", ok, keys)
		if ok {
			require.Equal(t, c.kind, capture.CaptureTraits().Kind, keys)
		}
		require.Contains(t, catalog.CaptureRemark(source), c.remark, keys)
		index, err := w.Index(t.Context(), "docs")
		require.NoError(t, err)
		g, err := index.Create(t.Context(), backends.SpecOf(w.Catalog().Models["small"].Model, index.Locator(w.Catalog().Models["small"].Model)))
		require.NoError(t, err)
		_, ok = backends.As[backends.ConditionalWriter](g)
		require.True(t, ok, "items and generations are in one store: %s", keys)
	}
}

// A table that can't have what the catalog names is a problem of the check, not
// of a job in its middle.
func TestCheckOfCapture(t *testing.T) {
	t.Parallel()
	text := strings.Split(both, "namespaces:")[0] + `namespaces:
  good: {store: file, table: good, payload: meta, model: small, capture: journal}
  bad: {store: file, table: good, model: small, changed_at: meta}
`
	w := world(t, text)
	source, err := w.Source(t.Context(), "good")
	require.NoError(t, err)
	require.NoError(t, source.(backends.ItemWriter).PutItems(t.Context(), []backends.Item{{ID: "a", Text: "one", Payload: []byte(`{}`)}}))
	var said []string
	for _, f := range catalog.Check(t.Context(), w) {
		if strings.HasSuffix(f.Key, ".source") {
			said = append(said, string(f.Level)+" "+f.Key+": "+f.Text)
		}
	}
	require.Contains(t, strings.Join(said, "\n"), "note namespaces.good.source: changes are noticed by journal")
	require.Contains(t, strings.Join(said, "\n"), "problem namespaces.bad.source")
}
