package backendtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// Registry is the suite of backends.Registry, and of the leases in package
// records over it.
func Registry(t *testing.T, h Harness[backends.Registry]) {
	s := suite[backends.Registry]{t: t, h: h}
	s.run("compare and swap", testSwap)
	s.run("values", testValues)
	s.run("names", testNames)
	s.run("versions never come twice", testVersions)
	s.run("delete", testDeleteEntry)
	s.run("list", testList)
	s.run("racing increments", testIncrements)
	s.run("racing creates", testCreates)
	s.run("put races delete", testPutRacesDelete)
	s.run("lease", testLease)
	s.run("lease races", testLeaseRaces)
	s.run("lease take-over races", testTakeOverRaces)
	s.run("crash", testRegistryCrash)
}

// get returns a record's version and value; 0 when there is none.
func get(t *testing.T, r backends.Registry, kind, key string) (int64, string) {
	t.Helper()
	e, err := r.Get(t.Context(), kind, key)
	if err != nil {
		require.ErrorIs(t, err, backends.ErrNotFound)
		return 0, ""
	}
	require.Equal(t, kind, e.Kind)
	require.Equal(t, key, e.Key)
	require.Positive(t, e.Version)
	return e.Version, string(e.Value)
}

func put(t *testing.T, r backends.Registry, kind, key string, version int64, value string) int64 {
	t.Helper()
	v, err := r.Put(t.Context(), kind, key, version, []byte(value))
	require.NoError(t, err)
	return v
}

func testSwap(t *testing.T, p Place[backends.Registry]) {
	r := p.Open(t, "")
	require.NoError(t, r.Ping(t.Context()))
	_, err := r.Get(t.Context(), "route", "ns")
	require.ErrorIs(t, err, backends.ErrNotFound)
	for _, version := range []int64{1, -1, 99} {
		_, err := r.Put(t.Context(), "route", "ns", version, []byte(`{}`))
		require.ErrorIs(t, err, backends.ErrConflict, "there is no such record, expected version %d", version)
	}
	_, err = r.Get(t.Context(), "route", "ns")
	require.ErrorIs(t, err, backends.ErrNotFound, "nothing was written")

	first := put(t, r, "route", "ns", 0, `{"n":1}`)
	require.Positive(t, first)
	second := put(t, p.Open(t, ""), "route", "ns", first, `{"n":2}`)
	require.Greater(t, second, first)
	for _, version := range []int64{0, first, second + 1, -second} {
		_, err := r.Put(t.Context(), "route", "ns", version, []byte(`{"n":3}`))
		require.ErrorIs(t, err, backends.ErrConflict, "expected version %d", version)
	}
	_, err = r.Put(cancelled(t), "route", "ns", second, []byte(`{"n":3}`))
	require.ErrorIs(t, err, context.Canceled)
	version, value := get(t, r, "route", "ns")
	require.Equal(t, second, version)
	require.Equal(t, `{"n":2}`, value)
	require.Greater(t, put(t, r, "route", "ns", second, `{"n":2}`), second, "the same value is a new version")
}

func testValues(t *testing.T, p Place[backends.Registry]) {
	r := p.Open(t, "")
	largest := `"` + strings.Repeat("x", backends.MaxEntryBytes-2) + `"`
	for i, value := range []string{`{}`, `null`, `1`, `"é 👍 \u0000"`, `{"b": 1,  "a":[1.50, 1e3], "a": 2}`, " {\n} ", largest} {
		key := fmt.Sprint(i)
		v := put(t, r, "kind", key, 0, value)
		version, got := get(t, r, "kind", key)
		require.Equal(t, v, version)
		require.True(t, value == got, "value %d is kept byte by byte", i)
	}
	_, err := r.Put(t.Context(), "kind", "too large", 0, []byte(largest+" "))
	require.ErrorIs(t, err, backends.ErrInvalidInput)
	version, _ := get(t, r, "kind", "too large")
	require.Zero(t, version)
}

func testNames(t *testing.T, p Place[backends.Registry]) {
	r := p.Open(t, "")
	for i, name := range uglyIDs {
		put(t, r, "by key", name, 0, fmt.Sprint(i))
		put(t, r, name, "by kind", 0, fmt.Sprint(i))
	}
	for i, name := range uglyIDs {
		_, value := get(t, r, "by key", name)
		require.Equal(t, fmt.Sprint(i), value, "key %q", name)
		_, value = get(t, r, name, "by kind")
		require.Equal(t, fmt.Sprint(i), value, "kind %q", name)
	}
	var keys []string
	after := ""
	for {
		entries, err := r.List(t.Context(), "by key", "", after, 7)
		require.NoError(t, err)
		for _, e := range entries {
			keys = append(keys, e.Key)
			after = e.Key
		}
		if len(entries) < 7 {
			break
		}
	}
	require.Equal(t, slices.Sorted(slices.Values(uglyIDs)), keys, "in byte order")
	require.NotEmpty(t, keys)
}

func testVersions(t *testing.T, p Place[backends.Registry]) {
	r := p.Open(t, "")
	seen := map[int64]bool{}
	last := int64(0)
	for range 5 {
		v := put(t, r, "kind", "key", 0, `{}`)
		for range 3 {
			require.False(t, seen[v], "version %d comes twice", v)
			require.Greater(t, v, last, "versions grow, also across a Delete")
			seen[v], last = true, v
			v = put(t, r, "kind", "key", v, `{}`)
		}
		seen[v], last = true, v
		require.NoError(t, r.Delete(t.Context(), "kind", "key", v))
		_, err := r.Put(t.Context(), "kind", "key", v, []byte(`{}`))
		require.ErrorIs(t, err, backends.ErrConflict, "the old version died with the record")
	}
}

func testDeleteEntry(t *testing.T, p Place[backends.Registry]) {
	r := p.Open(t, "")
	require.NoError(t, r.Delete(t.Context(), "kind", "key", 0), "an absent record is no error")
	require.NoError(t, r.Delete(t.Context(), "kind", "key", 7))
	v := put(t, r, "kind", "key", 0, `{}`)
	other := put(t, r, "kind", "key2", 0, `{}`)
	for _, version := range []int64{0, v - 1, v + 1, other, -1} {
		require.ErrorIs(t, r.Delete(t.Context(), "kind", "key", version), backends.ErrConflict, "expected version %d", version)
	}
	have, _ := get(t, r, "kind", "key")
	require.Equal(t, v, have)
	require.NoError(t, r.Delete(t.Context(), "kind", "key", v))
	require.NoError(t, r.Delete(t.Context(), "kind", "key", v), "idempotent")
	have, _ = get(t, r, "kind", "key")
	require.Zero(t, have)
	have, _ = get(t, r, "kind", "key2")
	require.Equal(t, other, have)
}

func testList(t *testing.T, p Place[backends.Registry]) {
	r := p.Open(t, "")
	keys := []string{"a", "A", "a/1", "a/10", "a/2", "a/b", "a%1", "a_1", "ab", "b", "B/1", "é", "e", "e\u0301", "👍", "\uffff", "z"}
	for i, key := range keys {
		put(t, r, "kind", key, 0, fmt.Sprint(i))
		put(t, r, "other", "other "+key, 0, `{}`)
	}
	slices.Sort(keys)
	for _, prefix := range append([]string{"", "a/", "a%", "a_", "unknown", "a/1", "b", "e", "\uffff", "👍👍"}, keys...) {
		for _, after := range []string{"", "A", "a", "a/", "a/1", "a/2", "b", "zz", "👍", "\U0010ffff"} {
			var want []string
			for _, key := range keys {
				if strings.HasPrefix(key, prefix) && key > after {
					want = append(want, key)
				}
			}
			for _, limit := range []int{1, 3, 100} {
				entries, err := r.List(t.Context(), "kind", prefix, after, limit)
				require.NoError(t, err)
				var got []string
				for _, e := range entries {
					require.Equal(t, "kind", e.Kind)
					version, value := get(t, r, "kind", e.Key)
					require.Equal(t, version, e.Version)
					require.Equal(t, value, string(e.Value))
					got = append(got, e.Key)
				}
				require.Equal(t, want[:min(limit, len(want))], got, "prefix %q, after %q, limit %d", prefix, after, limit)
			}
		}
	}
}

func testRegistryCrash(t *testing.T, p Place[backends.Registry]) {
	r := p.Open(t, "")
	kept := put(t, r, "kind", "kept", 0, `{"kept":true}`)
	gone := put(t, r, "kind", "gone", 0, `{}`)
	require.NoError(t, r.Delete(t.Context(), "kind", "gone", gone))
	if p.Crash != nil {
		p.Crash(t)
	}
	r = p.Open(t, "")
	version, value := get(t, r, "kind", "kept")
	require.Equal(t, kept, version)
	require.Equal(t, `{"kept":true}`, value)
	version, _ = get(t, r, "kind", "gone")
	require.Zero(t, version)
	require.Greater(t, put(t, r, "kind", "gone", 0, `{}`), gone, "versions go on")
}
