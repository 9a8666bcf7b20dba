package rig

import (
	"context"
	"fmt"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/reembed/reembed/workflows"
)

// story is what the histories of a job tell. A job writes its phase into its
// memo when it changes, which is an event with the server's time.
type story struct {
	started, closed time.Time
	events          int
	phases          []Phase
	last            int       // index of the one that the job is in
	since           time.Time // when that began
	children        []*commonpb.WorkflowExecution
}

// Phase is how long a job was in one phase, in all.
type Phase struct {
	Name workflows.Phase
	Took time.Duration
}

// read reads the histories of a closed job, of all its runs, and counts those of
// its children.
func read(ctx context.Context, c client.Client, id, run string) (*story, error) {
	s := &story{}
	for run != "" {
		var err error
		if run, err = s.follow(ctx, c, id, run, s.root); err != nil {
			return nil, err
		}
	}
	for _, child := range s.children {
		for run := child.GetRunId(); run != ""; {
			var err error
			if run, err = s.follow(ctx, c, child.GetWorkflowId(), run, nothing); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func nothing(*historypb.HistoryEvent) error { return nil }

// follow reads one run, and returns the run that it continued as.
func (s *story) follow(ctx context.Context, c client.Client, id, run string, look func(*historypb.HistoryEvent) error) (next string, err error) {
	events := c.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return "", fmt.Errorf("workflow %s, run %s: %w", id, run, err)
		}
		s.events++
		next = e.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
		if err := look(e); err != nil {
			return "", fmt.Errorf("workflow %s, run %s, event %d: %w", id, run, e.GetEventId(), err)
		}
	}
	return next, nil
}

// root looks at an event of the job itself.
func (s *story) root(e *historypb.HistoryEvent) error {
	at := e.GetEventTime().AsTime()
	if s.started.IsZero() {
		s.started = at
	}
	s.closed = at
	if child := e.GetChildWorkflowExecutionStartedEventAttributes(); child != nil {
		s.children = append(s.children, child.GetWorkflowExecution())
	}
	p := e.GetWorkflowPropertiesModifiedEventAttributes().GetUpsertedMemo().GetFields()[workflows.MemoJob]
	if p == nil {
		return nil
	}
	var memo workflows.JobMemo
	if err := converter.GetDefaultDataConverter().FromPayload(p, &memo); err != nil {
		return fmt.Errorf("read the memo: %w", err)
	}
	s.begin(memo.Phase, at)
	return nil
}

// begin ends the phase before. A phase that comes again adds to its first time.
func (s *story) begin(phase workflows.Phase, at time.Time) {
	if n := len(s.phases); n > 0 {
		s.phases[s.last].Took += at.Sub(s.since)
	}
	s.since = at
	s.last = slices.IndexFunc(s.phases, func(p Phase) bool { return p.Name == phase })
	if s.last < 0 {
		s.last = len(s.phases)
		s.phases = append(s.phases, Phase{Name: phase})
	}
}
