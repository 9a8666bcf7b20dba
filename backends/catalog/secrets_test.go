package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// A driver that quotes what it refuses must not bring a variable's value out.
func TestADriversProblemShowsNoValueOfAVariable(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"plain": "p4ssword", "with a quote": `p4ss"word`, "of two lines": "p4ss\nword", "a number": "123456",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := testDrivers()
			d.Stores["table"] = StoreDriver{
				KeepsRegistry: true,
				Store: func(f *Fields) func(context.Context) (Store, error) {
					f.Problem("path", "can't use %q, that is %s", f.String("path"), f.String("path"))
					return nil
				},
				Namespace: func(f *Fields) (any, string) { return f.String("table"), "" },
			}
			text := strings.Replace(sound, "data.db", `"host=x ${PASSWORD} end"`, 1)
			_, err := read("c.yaml", []byte(text), func(name string) (string, bool) {
				if name == "PASSWORD" {
					return value, true
				}
				return env(name)
			}, d)
			require.EqualError(t, err, `c.yaml:4: stores.main.path: can't use "host=x ${PASSWORD} end", that is host=x ${PASSWORD} end`)
		})
	}
}

// Whatever the file holds: no panic, every error is a list of problems with the
// file's name, no value of a variable is in it, and what loads is whole.
func FuzzLoad(f *testing.F) {
	f.Add(sound)
	f.Add("")
	f.Add("stores: {a: {driver: table, path: ${SECRET}, ${SECRET}: 1}}")
	f.Add("models: {m: {embedder: ${SECRET}, dimensions: ${SECRET}, metric: \"${SECRET}\"}}")
	f.Add("a: &a [*a]\nb: {<<: *a}")
	f.Add("? [a]\n: b\n? {c: d}\n: e\n!!binary x: y\n")
	f.Add("namespaces: [\n1, {a: 'x\n\n")
	f.Add("registry:\nstores:\nembedders:\nmodels:\nnamespaces:\n")
	f.Add("---\na: 1\n---\nb: 2\n")
	f.Add("a: $${SECRET} ${SECRET")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, secret) {
			return
		}
		c, err := read("c.yaml", []byte(text), func(name string) (string, bool) {
			return map[string]string{"SECRET": secret}[name], name == "SECRET"
		}, testDrivers())
		if err != nil {
			problems, ok := errors.AsType[Problems](err)
			require.True(t, ok)
			require.NotEmpty(t, problems)
			for _, p := range problems {
				require.True(t, strings.HasPrefix(p.String(), "c.yaml:"))
			}
			require.NotContains(t, err.Error(), secret)
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			return
		}
		require.NotEmpty(t, c.Namespaces)
		for name, ns := range c.Namespaces {
			require.Contains(t, c.Models, ns.Model, name)
			require.Contains(t, c.Stores, ns.Store, name)
		}
		for name, m := range c.Models {
			require.Contains(t, c.Embedders, m.Embedder, name)
			require.Positive(t, m.Dimensions, name)
		}
	})
}

// Thousands of namespaces are read in one go.
func TestLoadOfManyNamespaces(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(sound)
	const more = 10_000
	for i := range more {
		fmt.Fprintf(&b, "  tenant-%d: {store: main, table: docs_%d, model: small}\n", i, i)
	}
	c, err := read("c.yaml", []byte(b.String()), env, testDrivers())
	require.NoError(t, err)
	require.Len(t, c.Namespaces, more+2)
}
