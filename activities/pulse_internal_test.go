package activities

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// TestNothingIsWrittenAfterASleep guards the time within which late writes land:
// a process that stood still, while its segment was given to another, begins none.
func TestNothingIsWrittenAfterASleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		fence := func(context.Context) error { asked++; return nil }
		p := &pulse{patience: 9 * time.Second, sent: time.Now()}
		time.Sleep(9 * time.Second)
		require.NoError(t, guarded(p, fence)(t.Context()))
		time.Sleep(time.Second)
		require.ErrorIs(t, guarded(p, fence)(t.Context()), backends.ErrUnavailable)
		p.sent = time.Now() // the next heartbeat does not make up for it
		require.ErrorContains(t, guarded(p, fence)(t.Context()), "10s")
		require.Equal(t, 1, asked)

		forever := &pulse{sent: time.Now()}
		time.Sleep(time.Hour)
		require.NoError(t, guarded(forever, fence)(t.Context()), "nobody gives up on it")
	})
}
