package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/inventory"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/stores/memory"
)

// A collection that holds one side of a conflict is the only place of that
// version: it is nobody's only once a person has decided.
func TestOneSideOfAConflictIsNotNobodys(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store, err := memory.Open(ctx, memory.Config{})
	require.NoError(t, err)
	x := store.Collections("ns")
	var locators []string
	for _, revision := range []string{"1", "2", "3"} {
		m := backends.Model{Name: "m", Driver: "d", Dimensions: 2, Metric: backends.Cosine, Revision: revision}
		g, err := x.Create(ctx, backends.SpecOf(m, x.Locator(m)))
		require.NoError(t, err)
		locators = append(locators, g.Spec().Locator)
	}
	p := inventory.Place{Namespace: "ns", Index: x, Registry: store.Registry()}
	roles := func() map[string]inventory.Role {
		t.Helper()
		all, err := p.Generations(ctx, inventory.Living{})
		require.NoError(t, err)
		found := map[string]inventory.Role{}
		for _, g := range all {
			found[g.Locator] = g.Role
		}
		return found
	}
	require.NoError(t, records.PutConflict(ctx, store.Registry(), "ns", records.Conflict{
		ID: "a", Active: records.ConflictSide{Locator: locators[0]}, Former: records.ConflictSide{Locator: locators[1]},
	}))
	require.Equal(t, map[string]inventory.Role{
		locators[0]: inventory.Disputed, locators[1]: inventory.Disputed, locators[2]: inventory.Nobodys,
	}, roles())
	require.NoError(t, records.DeleteConflicts(ctx, store.Registry(), "ns", "a"))
	require.Equal(t, inventory.Nobodys, roles()[locators[0]])

	faults := faulty.New()
	faults.Add(faulty.Fault{Operation: "List", Err: backends.ErrUnavailable})
	p.Registry = faults.Registry(store.Registry())
	_, err = p.Generations(ctx, inventory.Living{})
	require.ErrorIs(t, err, backends.ErrUnavailable, "what is not known is not taken for none")
}
