package storm

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVerifierFindsEachKind guards the verifier: a storm whose judge sees nothing
// proves nothing. One row is spoiled, behind the store's back, in each way.
func TestVerifierFindsEachKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil string // SQL
		args  []any
		want  string
	}{
		"nothing":                  {want: ""},
		"a record is gone":         {spoil: "DELETE FROM gen WHERE id = 'b'", want: missing},
		"an item came":             {spoil: "INSERT INTO docs VALUES ('d', 'a fourth one', '{}')", want: missing},
		"an item is gone":          {spoil: "DELETE FROM docs WHERE id = 'b'", want: extra},
		"a record of nothing":      {spoil: "INSERT INTO gen SELECT 'x', stamp, vector FROM gen WHERE id = 'b'", want: extra},
		"a text changed":           {spoil: "UPDATE docs SET body = 'another text' WHERE id = 'b'", want: stale},
		"a stamp of another text":  {spoil: "UPDATE gen SET stamp = 'r1:print:' || hex(zeroblob(16)) WHERE id = 'b'", want: stale},
		"a stamp of another model": {spoil: "UPDATE gen SET stamp = replace(stamp, 'print', 'other') WHERE id = 'b'", want: foreign},
		"no stamp":                 {spoil: "UPDATE gen SET stamp = '' WHERE id = 'b'", want: foreign},
		"another model's vector":   {spoil: "UPDATE gen SET vector = ? WHERE id = 'b'", args: []any{blob(t, "newer", "the second text")}, want: mixed},
		"another text's vector":    {spoil: "UPDATE gen SET vector = (SELECT vector FROM gen WHERE id = 'a') WHERE id = 'b'", want: wrong},
		"a vector a little off":    {spoil: "UPDATE gen SET vector = ? WHERE id = 'b'", args: []any{off(t)}, want: wrong},
		"half a vector":            {spoil: "UPDATE gen SET vector = substr(vector, 1, 128) WHERE id = 'b'", want: wrong},
		"no number":                {spoil: "UPDATE gen SET vector = ? WHERE id = 'b'", args: []any{pack(make([]float32, dimensions))}, want: wrong},
		"two vectors of a third":   {spoil: "UPDATE gen SET vector = (SELECT vector FROM gen WHERE id = 'c') WHERE id IN ('a', 'b')", want: wrong + " " + wrong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := soundView(t)
			if c.spoil != "" {
				_, err := v.db.Exec(c.spoil, c.args...)
				require.NoError(t, err)
			}
			shot, err := v.active(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, kindsOf(t, shot))
			standby, there, err := v.standby(t.Context(), "elder")
			require.NoError(t, err)
			require.True(t, there)
			require.Equal(t, shot, standby, "found by its model, it is the same")
		})
	}
}

// TestVerifierFindsPayloads: of stores that copy them.
func TestVerifierFindsPayloads(t *testing.T) {
	t.Parallel()
	v := soundView(t)
	sound, err := v.active(t.Context())
	require.NoError(t, err)
	sound.copies = true
	for id, r := range sound.records {
		r.payload = sound.items[id].payload
		r.stamp += ":" + hash(r.payload)
		sound.records[id] = r
	}
	require.Empty(t, kindsOf(t, sound))
	for name, spoil := range map[string]func(*record){
		"stale":                    func(r *record) { r.payload = `{"page":0}` },
		"under a stamp of another": func(r *record) { r.stamp = r.stamp[:strings.LastIndex(r.stamp, ":")+1] + hash("other") },
		"without a stamp":          func(r *record) { r.stamp = r.stamp[:strings.LastIndex(r.stamp, ":")] },
	} {
		shot := sound
		shot.records = maps.Clone(sound.records)
		r := shot.records["b"]
		spoil(&r)
		shot.records["b"] = r
		require.Equal(t, repacked, kindsOf(t, shot), name)
	}
}

// kindsOf is what is found, all of it in "b" and, where there are two, in "a".
func kindsOf(t *testing.T, shot snapshot) string {
	t.Helper()
	found, err := judge(shot)
	require.NoError(t, err)
	var kinds []string
	for _, f := range found {
		require.NotContains(t, f.String(), "second", "no text is told")
		kinds = append(kinds, f.kind)
	}
	return strings.Join(kinds, " ")
}

// soundView is a database as SQLite's driver documents it, in which all is right.
func soundView(t *testing.T) *view {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "sound.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	exec := func(statement string, args ...any) {
		t.Helper()
		_, err := db.Exec(statement, args...)
		require.NoError(t, err)
	}
	exec("CREATE TABLE docs (id TEXT, body TEXT, meta TEXT)")
	exec("CREATE TABLE gen (id TEXT, stamp TEXT, vector BLOB)")
	exec("CREATE TABLE reembed_registry (kind TEXT, key TEXT, version INTEGER, value TEXT)")
	exec("CREATE TABLE reembed_generations (locator TEXT, namespace TEXT, model TEXT, fingerprint TEXT)")
	exec(`INSERT INTO reembed_registry VALUES ('route', 'docs', 1, '{"locator":"gen","model":"elder","fingerprint":"print"}')`)
	exec("INSERT INTO reembed_generations VALUES ('gen', 'docs', 'elder', 'print')")
	for id, text := range map[string]string{"a": "the first text", "b": "the second text", "c": "the third text"} {
		exec("INSERT INTO docs VALUES (?, ?, ?)", id, text, fmt.Sprintf(`{"id":%q}`, id))
		exec("INSERT INTO gen VALUES (?, ?, ?)", id, "r1:print:"+hash(text), blob(t, "elder", text))
	}
	return &view{namespace: "docs", table: "docs", db: db}
}

func blob(t *testing.T, model, text string) []byte {
	t.Helper()
	v, err := vector(model, text)
	require.NoError(t, err)
	return pack(v)
}

// off is a vector that differs from the right one by a little.
func off(t *testing.T) []byte {
	t.Helper()
	v := decode(blob(t, "elder", "the second text"))
	v[0] += 0.02
	return pack(v)
}

// TestReadersFindEachKind guards the readers in the same way.
func TestReadersFindEachKind(t *testing.T) {
	t.Parallel()
	s := &set{name: "docs", book: newBook(), anchors: []string{"a"}}
	for id, text := range map[string]string{"a": "the first text", "b": "the second text", "c": "the third text"} {
		s.book.begin(id, "insert", content{text: text}, false)
	}
	s.book.begin("b", "edit", content{text: "the second text, edited"}, false)
	for name, c := range map[string]struct {
		spoil string
		args  []any
		want  string
	}{
		"nothing":                {},
		"a newer text's vector":  {spoil: "UPDATE gen SET vector = ? WHERE id = 'b'", args: []any{blob(t, "elder", "the second text, edited")}},
		"another model's vector": {spoil: "UPDATE gen SET vector = ? WHERE id = 'b'", args: []any{blob(t, "newer", "the second text")}, want: "the vector of b is of newer's space"},
		"the anchor's, too":      {spoil: "UPDATE gen SET vector = ? WHERE id = 'a'", args: []any{blob(t, "newer", "the first text")}, want: "a is not the nearest to its own text"},
		"an id that never was":   {spoil: "INSERT INTO gen SELECT 'x', stamp, vector FROM gen WHERE id = 'b'", want: "x never was"},
		"a vector of nothing":    {spoil: "UPDATE gen SET vector = ? WHERE id = 'b'", args: []any{off(t)}, want: "which no text of it ever had"},
		"an anchor that is gone": {spoil: "DELETE FROM gen WHERE id = 'a'", want: "a is not the nearest to its own text"},
		"a route to elsewhere":   {spoil: `UPDATE reembed_registry SET value = replace(value, 'elder', 'newer')`, want: "a is not the nearest to its own text"},
	} {
		v := soundView(t)
		if c.spoil != "" {
			_, err := v.db.ExecContext(context.Background(), c.spoil, c.args...)
			require.NoError(t, err, name)
		}
		hits, model, err := (&sqlReader{v}).search(t.Context(), "the first text")
		require.NoError(t, err, name)
		err = s.explain(model, "the first text", "a", hits)
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.want, name)
	}
}
