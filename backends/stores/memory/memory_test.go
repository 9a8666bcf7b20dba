package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/backendtest"
	"github.com/reembed/reembed/backends/stores/memory"
)

func sources() backendtest.Harness[backends.Source] {
	return harness(memory.Config{}, func(s *memory.Store, name string) backends.Source { return s.Source(name) })
}

func indexes(c memory.Config) backendtest.Harness[backends.Index] {
	return harness(c, func(s *memory.Store, name string) backends.Index { return s.Index(name) })
}

func registries() backendtest.Harness[backends.Registry] {
	return harness(memory.Config{}, func(s *memory.Store, _ string) backends.Registry { return s.Registry() })
}

func TestSource(t *testing.T) {
	t.Parallel()
	backendtest.Source(t, sources())
}

func TestIndex(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]memory.Config{"plain": {}, "copies payload": {CopiesPayload: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backendtest.Index(t, indexes(c))
		})
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	backendtest.Registry(t, registries())
}

func FuzzSource(f *testing.F) { backendtest.FuzzSource(f, sources()) }

func FuzzIndex(f *testing.F) { backendtest.FuzzIndex(f, indexes(memory.Config{})) }

func FuzzRegistry(f *testing.F) { backendtest.FuzzRegistry(f, registries()) }

func harness[T any](c memory.Config, open func(*memory.Store, string) T) backendtest.Harness[T] {
	return backendtest.Harness[T]{New: func(t *testing.T) backendtest.Place[T] {
		s, err := memory.Open(t.Context(), c)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return backendtest.Place[T]{Open: func(_ *testing.T, name string) T { return open(s, name) }}
	}}
}
