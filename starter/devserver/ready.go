package devserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

// errEnded: the process was gone before the server was ready.
var errEnded = errors.New("the process ended")

const (
	probeEvery   = 50 * time.Millisecond
	probeTimeout = 5 * time.Second
)

// await returns when each of the server's parts answers for the namespace.
func (s *Server) await(ctx context.Context) error {
	c, err := client.NewLazyClient(client.Options{
		HostPort: s.Address(), Namespace: Namespace,
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	defer c.Close()
	probing, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := s.process.Done()
	go func() {
		defer cancel()
		select {
		case <-ended: // a probe of somebody else's port need not time out
		case <-probing.Done():
		}
	}()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		err := s.probe(probing, c)
		if err == nil && s.process.Running() {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("%w: %v", errEnded, s.process.Wait())
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w (%w)", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// probe asks frontend, history and visibility; matching answers as soon as
// history does.
func (s *Server) probe(ctx context.Context, c client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("health: %w", err)
	}
	_, err := c.DescribeWorkflowExecution(ctx, "reembed-devserver-probe", "")
	if _, absent := errors.AsType[*serviceerror.NotFound](err); err != nil && !absent {
		return fmt.Errorf("history: %w", err)
	}
	if _, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{}); err != nil {
		return fmt.Errorf("visibility: %w", err)
	}
	return nil
}
