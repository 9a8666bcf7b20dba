package storm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/cmd/stand"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// live moves the set from model to model until nothing breaks any more.
func (s *set) live(ctx context.Context) error {
	for model := other["elder"]; ; model = other[model] {
		if err := s.move(ctx, model); err != nil {
			return err
		}
		select {
		case <-s.storm.over:
			return nil
		default:
		}
	}
}

// move runs a job to a model. When it has switched, the writers rest, and all is
// as it should be.
func (s *set) move(ctx context.Context, model string) error {
	err := s.job(ctx, model)
	if errors.Is(err, errRestless) {
		err = s.still(func() error { return s.job(ctx, model) })
	}
	if err != nil {
		return err
	}
	s.storm.tally.turned(s.name, "switched")
	s.doing.Store("settles")
	return s.still(func() error { return s.settles(ctx) })
}

// settles has what was written behind the switch synced, and looks at all of it.
func (s *set) settles(ctx context.Context) error {
	if err := s.reembed(ctx, "diff", s.name, "--repair"); err != nil {
		return err
	}
	return s.settled(ctx, s.view.active)
}

// errRestless: a job gave up, as the application never stopped writing. What it
// reached is the next one's, for which the writers rest.
var errRestless = errors.New("the job gave up")

// job runs a job to its end.
func (s *set) job(ctx context.Context, model string) error {
	job, err := s.start(ctx, workflows.Request{Namespace: s.name, To: model})
	if err != nil {
		return err
	}
	status, err := s.await(ctx, job, "the end", func(now workflows.Status) bool { return now.State.Final() })
	if err != nil {
		return err
	}
	switch {
	case status.State == workflows.Completed:
		return nil
	case status.ErrorCode == activities.CodeVerification, status.ErrorCode == activities.CodeNotConverging:
		s.storm.tally.turned(s.name, "gave up")
		return fmt.Errorf("%w: %s", errRestless, status.Reason)
	}
	return fmt.Errorf("job %s ended %s: %s: %s", job.ID, status.State, status.ErrorCode, status.Reason)
}

// start starts a job. The server may be away, or lose its answer.
func (s *set) start(ctx context.Context, r workflows.Request) (starter.Handle, error) {
	id := fmt.Sprintf("%s-to-%s-%d", s.name, r.To, time.Now().UnixNano())
	err := insist(ctx, func() error {
		_, err := s.storm.stand.Client.Start(ctx, r, starter.StartOptions{ID: id})
		if errors.Is(err, starter.ErrExists) {
			return nil
		}
		return err
	}, passes)
	return starter.Handle{ID: id}, err
}

// await watches a job, through servers and workers that are away.
func (s *set) await(ctx context.Context, job starter.Handle, what string, holds func(workflows.Status) bool) (last workflows.Status, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = insist(ctx, func() error {
		last, err = stand.Await(ctx, s.storm.stand.Client, job, what, func(now workflows.Status) bool {
			s.doing.Store(string(now.Phase))
			return holds(now)
		})
		return err
	}, passes)
	return last, err
}

// passes reports whether an error is of a server or a worker that comes back.
func passes(err error) bool {
	return errors.Is(err, starter.ErrUnreachable) || errors.Is(err, starter.ErrNoWorker)
}

// reembed runs a command until it succeeds: provider, store or server may be away.
func (s *set) reembed(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return insist(ctx, func() error {
		out, code, err := stand.Run(ctx, stand.Command{
			Path: program("reembed"), Args: args, Dir: s.storm.stand.Dir, Env: s.storm.stand.Env,
		})
		if err == nil && code != 0 {
			err = fmt.Errorf("%w: reembed %v ended with %d: %s", errCommand, args, code, out)
		}
		return err
	}, func(err error) bool { return errors.Is(err, errCommand) })
}

var errCommand = errors.New("a command failed")

const insistEvery = 200 * time.Millisecond

// insist does something until it succeeds, or fails in a way that does not pass,
// or the context ends.
func insist(ctx context.Context, do func() error, passes func(error) bool) error {
	tick := time.NewTicker(insistEvery)
	defer tick.Stop()
	for {
		err := do()
		if err == nil || !passes(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}
