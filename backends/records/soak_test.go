package records_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/stores/memory"
)

// TestSoak guards the record of a soak: it is forgotten for the job that armed it
// alone, and one that nobody can read is not taken for none.
func TestSoak(t *testing.T) {
	t.Parallel()
	store, err := memory.Open(t.Context(), memory.Config{})
	require.NoError(t, err)
	reg := store.Registry()
	_, err = records.GetSoak(t.Context(), reg, "docs")
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.NoError(t, records.DeleteSoak(t.Context(), reg, "docs", "job", "run"), "none is no error")

	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	soak := records.Soak{
		Namespace: "docs", Workflow: "w", Job: "job", Run: "run", State: records.SoakSoaking, Since: at, Until: at.Add(time.Hour),
		Active: records.Place{Generation: 2, Locator: "b", Model: "large", Fingerprint: "fb"}, Standby: records.Place{Generation: 1, Locator: "a"},
	}
	armed := soak
	armed.Run, armed.State = "before", records.SoakArmed
	for _, s := range []records.Soak{armed, soak} { // the later one replaces
		require.NoError(t, records.PutSoak(t.Context(), reg, s))
		got, err := records.GetSoak(t.Context(), reg, "docs")
		require.NoError(t, err)
		require.Equal(t, s, got)
	}
	for _, other := range [][2]string{{"job", "before"}, {"another", "run"}} {
		require.NoError(t, records.DeleteSoak(t.Context(), reg, "docs", other[0], other[1]))
		_, err = records.GetSoak(t.Context(), reg, "docs")
		require.NoError(t, err, "another's")
	}
	require.NoError(t, records.DeleteSoak(t.Context(), reg, "docs", "job", "run"))
	_, err = records.GetSoak(t.Context(), reg, "docs")
	require.ErrorIs(t, err, backends.ErrNotFound)

	_, err = reg.Put(t.Context(), "soak", "damaged", 0, []byte("{"))
	require.NoError(t, err)
	_, err = records.GetSoak(t.Context(), reg, "damaged")
	require.ErrorIs(t, err, backends.ErrDamaged)
	require.ErrorIs(t, records.DeleteSoak(t.Context(), reg, "damaged", "job", "run"), backends.ErrDamaged)
}
