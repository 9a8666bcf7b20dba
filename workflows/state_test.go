package workflows_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/workflows"
)

var allPhases = []workflows.Phase{
	workflows.Queued, workflows.Planning, workflows.Preparing, workflows.Copying, workflows.CatchingUp,
	workflows.Indexing, workflows.Verifying, workflows.Ready, workflows.Switching, workflows.Switched,
}

// ways is the picture in doc.go, written down once more.
var ways = map[workflows.Phase][]workflows.Phase{
	workflows.Queued:     {workflows.Planning},
	workflows.Planning:   {workflows.Preparing, workflows.Queued},
	workflows.Preparing:  {workflows.Copying, workflows.Queued},
	workflows.Copying:    {workflows.CatchingUp, workflows.Queued},
	workflows.CatchingUp: {workflows.Indexing, workflows.Queued},
	workflows.Indexing:   {workflows.Verifying, workflows.Queued},
	workflows.Verifying:  {workflows.CatchingUp, workflows.Ready, workflows.Queued},
	workflows.Ready:      {workflows.Verifying, workflows.Switching, workflows.Queued},
	workflows.Switching:  {workflows.Switched, workflows.Queued},
}

func TestMachineMoves(t *testing.T) {
	t.Parallel()
	for _, from := range allPhases {
		for _, to := range allPhases {
			m := workflows.Machine{State: workflows.Running, Phase: from}
			err := m.To(to)
			if from != to && !slices.Contains(ways[from], to) {
				require.Error(t, err, "%s -> %s", from, to)
				require.Equal(t, from, m.Phase, "an illegal move moves nothing")
				continue
			}
			require.NoError(t, err, "%s -> %s", from, to)
			require.Equal(t, to, m.Phase)
			if from != to {
				require.Equal(t, to == workflows.Queued, m.State == workflows.Pending, "only queued jobs are pending")
			}
		}
	}
}

func TestMachineEnds(t *testing.T) {
	t.Parallel()
	states := []workflows.State{workflows.Pending, workflows.Running, workflows.Completed, workflows.Failed, workflows.Cancelled}
	for _, phase := range allPhases {
		for _, end := range states {
			for _, dry := range []bool{false, true} {
				m := workflows.Machine{State: workflows.Running, Phase: phase}
				late := phase == workflows.Switching || phase == workflows.Switched
				require.Equal(t, !late, m.Cancellable())
				legal := map[workflows.State]bool{
					workflows.Completed: phase == workflows.Switched || dry && phase == workflows.Planning,
					workflows.Failed:    true,
					workflows.Cancelled: !late,
				}[end]
				err := m.End(end, dry)
				if !legal {
					require.Error(t, err, "%s in %s, dry %t", end, phase, dry)
					require.Equal(t, workflows.Running, m.State)
					continue
				}
				require.NoError(t, err, "%s in %s, dry %t", end, phase, dry)
				require.True(t, m.State.Final())
				require.Equal(t, phase, m.Phase, "the phase stays where the job ended")
				require.False(t, m.Cancellable())
				require.Error(t, m.End(workflows.Failed, dry), "an end is final")
				require.Error(t, m.To(workflows.Queued), "an end is final")
			}
		}
	}
}
