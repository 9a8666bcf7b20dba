package environ_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/environ"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	l := environ.List{"A=1", "B=", "A=2=3", "no variable", "AB=4"}
	v, ok := l.LookupEnv("A")
	require.True(t, ok)
	require.Equal(t, "2=3", v, "the later of two")
	v, ok = l.LookupEnv("B")
	require.True(t, ok)
	require.Empty(t, v)
	_, ok = l.LookupEnv("C")
	require.False(t, ok)
	require.Equal(t, "4", l.Get("AB"))
	require.Empty(t, l.Get("C"))
}
