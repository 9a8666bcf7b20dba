package records_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
)

func conflict(id, active, former string) records.Conflict {
	return records.Conflict{
		ID: id, At: at,
		Active: records.ConflictSide{Locator: "new", Version: backends.Version{Content: active, Payload: "p"}},
		Former: records.ConflictSide{Locator: "old", Version: backends.Version{Content: former, Payload: "p"}},
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	_, err := records.GetConflict(ctx, reg, "ns", "a")
	require.ErrorIs(t, err, backends.ErrNotFound)
	require.NoError(t, records.PutConflict(ctx, reg, "ns", conflict("a", "1", "2")))
	require.NoError(t, records.PutConflict(ctx, reg, "ns/x", conflict("b", "1", "2")))

	later := conflict("a", "1", "2")
	later.At = at.Add(time.Hour)
	require.NoError(t, records.PutConflict(ctx, reg, "ns", later))
	got, err := records.GetConflict(ctx, reg, "ns", "a")
	require.NoError(t, err)
	require.Equal(t, conflict("a", "1", "2"), got, "the same conflict stands since the same time")
	later.Active.Content = "3"
	require.NoError(t, records.PutConflict(ctx, reg, "ns", later))
	got, err = records.GetConflict(ctx, reg, "ns", "a")
	require.NoError(t, err)
	require.Equal(t, later, got, "another version is another one")

	all, err := records.AllConflicts(ctx, reg, "ns")
	require.NoError(t, err)
	require.Equal(t, []records.Conflict{later}, all, "another namespace's are not among them")
	require.NoError(t, records.DeleteConflicts(ctx, reg, "ns", "a", "unknown"))
	all, err = records.AllConflicts(ctx, reg, "ns")
	require.NoError(t, err)
	require.Empty(t, all)
	all, err = records.AllConflicts(ctx, reg, "ns/x")
	require.NoError(t, err)
	require.Len(t, all, 1)
}

// More than one page, whose ids end where the next one begins.
func TestAllConflictsOfManyPages(t *testing.T) {
	t.Parallel()
	reg := registry(t)
	const many = 2001
	for n := range many {
		require.NoError(t, records.PutConflict(t.Context(), reg, "ns", conflict(fmt.Sprintf("%05d", n), "1", "2")))
	}
	all, err := records.AllConflicts(t.Context(), reg, "ns")
	require.NoError(t, err)
	require.Len(t, all, many)
	require.Equal(t, "02000", all[many-1].ID)
}

func TestConflictsThatCantBeReadOrKept(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	_, err := reg.Put(ctx, "conflict", "ns/a", 0, []byte("no JSON"))
	require.NoError(t, err)
	_, err = records.GetConflict(ctx, reg, "ns", "a")
	require.ErrorIs(t, err, backends.ErrDamaged)
	_, err = records.AllConflicts(ctx, reg, "ns")
	require.ErrorIs(t, err, backends.ErrDamaged)
	require.NoError(t, records.PutConflict(ctx, reg, "ns", conflict("a", "1", "2")), "a damaged one is replaced")

	for _, operation := range []string{"Get", "Put", "List", "Delete"} {
		faults := faulty.New()
		faults.Add(faulty.Fault{Operation: operation, Err: backends.ErrUnavailable})
		broken := faults.Registry(reg)
		switch operation {
		case "Get", "Put":
			err = records.PutConflict(ctx, broken, "ns", conflict("b", "1", "2"))
		case "List":
			_, err = records.AllConflicts(ctx, broken, "ns")
		case "Delete":
			err = records.DeleteConflicts(ctx, broken, "ns", "a")
		}
		require.ErrorIs(t, err, backends.ErrUnavailable, operation)
	}
}
