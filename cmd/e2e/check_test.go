package e2e

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
)

// pointer is the route as an application in any language reads it.
type pointer struct {
	Generation  int64  `json:"generation"`
	Locator     string `json:"locator"`
	Model       string `json:"model"`
	Fingerprint string `json:"fingerprint"`
	Dimensions  int    `json:"dimensions"`
}

func (r *rig) open() *sql.DB {
	r.t.Helper()
	db, err := sql.Open("sqlite", "file:"+r.dbPath()+"?mode=ro")
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = db.Close() })
	return db
}

// route reads the route with SQL.
func (r *rig) route(namespace string) pointer {
	r.t.Helper()
	db := r.open()
	var raw string
	err := db.QueryRow("SELECT value FROM reembed_registry WHERE kind = 'route' AND key = ?", namespace).Scan(&raw)
	require.NoError(r.t, err)
	var p pointer
	require.NoError(r.t, json.Unmarshal([]byte(raw), &p))
	return p
}

// everyVectorIsRight reads the database with SQL only, and holds each record of
// the generation that the route points at against its item's text: the stamp by
// its documented form, the vector by embedding the text anew. It shares no code
// with sync or verification.
func (r *rig) everyVectorIsRight(namespace, model string) {
	r.t.Helper()
	r.everyVectorIs(namespace, model, func(text string, dimensions int) ([]float32, error) {
		e, err := hashing.New(backends.Model{Name: model, Dimensions: dimensions}, hashing.Config{})
		if err != nil {
			return nil, err
		}
		fresh, err := e.Embed(r.t.Context(), backends.Document, []string{text})
		if err != nil {
			return nil, err
		}
		return fresh.Vectors[0], nil
	})
}

// everyVectorIs does so for another embedder than hashing.
func (r *rig) everyVectorIs(namespace, model string, embed func(text string, dimensions int) ([]float32, error)) {
	r.t.Helper()
	p := r.route(namespace)
	require.Equal(r.t, model, p.Model)
	db := r.open()
	texts := column(r, db, fmt.Sprintf("SELECT id, text FROM %q", namespace))
	stamps := column(r, db, fmt.Sprintf("SELECT id, stamp FROM %q", p.Locator))
	vectors := column(r, db, fmt.Sprintf("SELECT id, vector FROM %q", p.Locator))
	require.NotEmpty(r.t, texts)
	require.Len(r.t, stamps, len(texts), "records and items")
	for id, text := range texts {
		sum := sha256.Sum256([]byte(text))
		want := "r1:" + p.Fingerprint + ":" + hex.EncodeToString(sum[:16])
		require.Equal(r.t, want, stamps[id], "stamp of %s", id)
		fresh, err := embed(text, p.Dimensions)
		require.NoError(r.t, err)
		require.InDelta(r.t, 1, cosine(fresh, decode(vectors[id])), 1e-5, "vector of %s", id)
	}
}

func column(r *rig, db *sql.DB, query string) map[string]string {
	r.t.Helper()
	rows, err := db.Query(query)
	require.NoError(r.t, err)
	defer rows.Close()
	values := map[string]string{}
	for rows.Next() {
		var id, value string
		require.NoError(r.t, rows.Scan(&id, &value))
		values[id] = value
	}
	require.NoError(r.t, rows.Err())
	return values
}

func decode(raw string) []float32 {
	v := make([]float32, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32([]byte(raw[4*i : 4*i+4])))
	}
	return v
}

func cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.NaN()
	}
	var dot, na, nb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		na += float64(a[i]) * float64(a[i])
		nb += float64(b[i]) * float64(b[i])
	}
	return dot / math.Sqrt(na*nb)
}
