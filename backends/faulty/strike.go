package faulty

import (
	"context"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends/intercept"
)

func (s *Script) intercept(ctx context.Context, c intercept.Call, next func(context.Context) (int, error)) error {
	call, faults := s.begin(c)
	if err := s.strike(ctx, call, faults, Before); err != nil {
		return err
	}
	if _, err := next(ctx); err != nil {
		return err // it failed by itself: there is no answer to lose
	}
	return s.strike(ctx, call, faults, After)
}

// begin records the call and returns the faults that are meant for it.
func (s *Script) begin(c intercept.Call) (Call, []Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := Call{Role: c.Role, Operation: c.Operation, Seq: len(s.calls) + 1, Items: c.Items}
	s.calls = append(s.calls, call)
	var faults []Fault
	for _, f := range s.faults {
		if (f.Role != "" && f.Role != c.Role) || (f.Operation != "" && f.Operation != c.Operation) {
			continue
		}
		f.matched++
		if f.Nth == 0 || f.Nth == f.matched {
			faults = append(faults, f.Fault)
		}
	}
	return call, faults
}

func (s *Script) strike(ctx context.Context, call Call, faults []Fault, when When) error {
	for _, f := range faults {
		if f.When != when {
			continue
		}
		s.mu.Lock()
		s.struck++
		s.mu.Unlock()
		if err := f.strike(ctx, call); err != nil {
			return fmt.Errorf("injected into %s: %w", call, err)
		}
	}
	return nil
}

func (f Fault) strike(ctx context.Context, call Call) error {
	if f.Do != nil {
		if err := f.Do(ctx, call); err != nil {
			return err
		}
	}
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.Hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.Err
}
