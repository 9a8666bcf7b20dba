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

// move runs a job that has to switch.
func (s *set) move(ctx context.Context, r workflows.Request) error {
	r.Namespace = s.name
	if err := s.job(ctx, r); err != nil {
		return err
	}
	s.storm.tally.turned(s.name, "switched")
	return nil
}

// job runs a job to its end.
func (s *set) job(ctx context.Context, r workflows.Request) error {
	job, err := s.start(ctx, r)
	if err != nil {
		return err
	}
	status, err := s.await(ctx, job, "the end", func(now workflows.Status) bool {
		return now.State.Final() || now.Phase == workflows.Ready && r.Cutover == activities.CutoverManual
	})
	if err == nil && !status.State.Final() {
		if err = s.cutOver(ctx, job); err == nil {
			status, err = s.await(ctx, job, "the end", func(now workflows.Status) bool { return now.State.Final() })
		}
	}
	switch {
	case err != nil:
		return err
	case status.State == workflows.Completed:
		return nil
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

// cutOver tells a job that is ready to switch. It may be on its way to be fresh again.
func (s *set) cutOver(ctx context.Context, job starter.Handle) error {
	return insist(ctx, func() error {
		_, err := s.storm.stand.Client.Cutover(ctx, job, "storm")
		if errors.Is(err, starter.ErrOver) {
			return nil // it was told, and the answer was lost; or it failed, which its end says
		}
		return err
	}, func(err error) bool { return passes(err) || errors.Is(err, starter.ErrRefused) })
}

// tell says something to the set's soak until it has come to its end by that. A
// refusal is no end: what stands against it passes, as all does that breaks here.
func (s *set) tell(ctx context.Context, end workflows.SoakPhase, say func() (workflows.SoakStatus, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return insist(ctx, func() error {
		now, err := say()
		if errors.Is(err, starter.ErrOver) {
			now, err = s.storm.stand.Client.Soak(ctx, s.name)
		}
		if err == nil && now.Phase != end {
			err = fmt.Errorf("the soak of %s was to be %s, and is %s: %s", s.name, end, now.Phase, now.Reason)
		}
		return err
	}, func(err error) bool { return passes(err) || errors.Is(err, starter.ErrRefused) })
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
