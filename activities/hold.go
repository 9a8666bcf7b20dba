package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/backends/records"
)

// holdShare is how long one attempt at a lease waits that no job holds: well
// within what a short activity has.
const holdShare = 10 * time.Second

// heldFor is how long a lease has been waited out, over the attempts: by timers,
// as no two clocks need agree. It travels in the heartbeat.
type heldFor struct {
	Epoch  int64         `json:"epoch"`
	Waited time.Duration `json:"waited"`
}

// heldOut waits for the share of one attempt, and reports whether the lease's
// holder has had all its time. One that gives it back sooner is noticed by the
// next attempt.
func heldOut(ctx context.Context, l records.Lease) (bool, error) {
	var so heldFor
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &so) != nil || so.Epoch != l.Epoch {
		so = heldFor{Epoch: l.Epoch}
	}
	share := min(holdShare, l.Hold-so.Waited)
	timer := time.NewTimer(share)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return false, fmt.Errorf("wait for the lease that %s holds: %w", l.Job, context.Cause(ctx))
	}
	so.Waited += share
	activity.RecordHeartbeat(ctx, so)
	return so.Waited >= l.Hold, nil
}
