package starter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// An id that can't be sent was an error of the transport's own words, and looked
// like a server that is away.
func TestIDsThatNoJobCanHave(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "jöb", "\x1b[2J", "a\nb", "\xff", "作業"} {
		c, _ := newClient(t, starter.Config{}) // which is not called
		h := starter.Handle{ID: id}
		_, err := c.Status(t.Context(), h)
		require.ErrorIs(t, err, starter.ErrInvalid)
		require.NotContains(t, err.Error(), "\x1b")
		_, err = c.Watch(t.Context(), h, time.Hour, func(workflows.Status) {})
		require.ErrorIs(t, err, starter.ErrInvalid)
		_, err = c.Wait(t.Context(), h)
		require.ErrorIs(t, err, starter.ErrInvalid)
		require.ErrorIs(t, c.Cancel(t.Context(), h, "why"), starter.ErrInvalid)
	}
}
