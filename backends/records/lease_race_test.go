package records_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// Of many jobs that want a free namespace, or one whose holder is over, one gets
// it; the others are told of a conflict, and none holds an epoch that is valid.
func TestOneOfManyTakesTheLease(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	over := func(_ context.Context, l records.Lease) (bool, error) { return l.Job == "ended", nil }
	for name, prepare := range map[string]func(namespace string){
		"free": func(string) {},
		"its holder is over": func(namespace string) {
			_, err := records.TakeLease(ctx, reg, namespace, records.Lease{Job: "ended", Run: "r"}, over)
			require.NoError(t, err)
		},
	} {
		prepare(name)
		leases, errs := make([]records.Lease, 16), make([]error, 16)
		var group sync.WaitGroup
		for i := range leases {
			group.Go(func() {
				want := records.Lease{Job: fmt.Sprintf("job-%d", i), Run: "r"}
				leases[i], errs[i] = records.TakeLease(ctx, reg, name, want, over)
			})
		}
		group.Wait()
		winners := 0
		for i, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, backends.ErrConflict, name)
				continue
			}
			winners++
			require.NoError(t, records.CheckLease(ctx, reg, name, leases[i].Epoch), name)
			now, err := records.GetLease(ctx, reg, name)
			require.NoError(t, err)
			require.Equal(t, leases[i], now, name)
		}
		require.Equal(t, 1, winners, name)
	}
}
