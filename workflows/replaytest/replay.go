package replaytest

import (
	"fmt"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/reembed/reembed/workflows"
)

// File replays one history, as `temporal workflow show -o json` prints it, of
// any workflow of this program, closed or open. It returns an error when the
// workflow would not do again what the history says.
func File(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	defer f.Close()
	history, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
	if err != nil {
		return fmt.Errorf("replay %s: %w", path, err)
	}
	if len(history.GetEvents()) == 0 {
		return fmt.Errorf("replay %s: the history has no events", path)
	}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{})
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	for name, w := range map[string]any{
		workflows.ReembedWorkflowName:   workflows.ReembedWorkflow,
		workflows.SyncRangeWorkflowName: workflows.SyncRangeWorkflow,
		workflows.GateWorkflowName:      workflows.GateWorkflow,
		workflows.SoakWorkflowName:      workflows.SoakWorkflow,
	} {
		replayer.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: name})
	}
	// Jobs make the ids of their ranges from their own.
	started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	original := workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()}
	err = replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{OriginalExecution: original})
	if err != nil {
		return fmt.Errorf("replay %s: %w", path, err)
	}
	return nil
}
