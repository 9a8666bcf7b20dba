package storm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// live takes the set through one life after the other, until nothing breaks any more.
func (s *set) live(ctx context.Context) error {
	for n := s.storm.seed; ; n++ {
		if err := s.life(ctx, s.active, other[s.active], n%2 == 0); err != nil {
			return err
		}
		s.active = other[s.active]
		select {
		case <-s.storm.over:
			s.doing.Store("is done")
			return nil
		default:
		}
	}
}

// life moves the set to another model, back again, and there a second time, where
// the former generation is dropped.
func (s *set) life(ctx context.Context, from, to string, resting bool) error {
	if err := s.move(ctx, workflows.Request{To: to, Cutover: activities.CutoverManual}); err != nil {
		return err
	}
	if err := s.soaks(ctx, to, from); err != nil {
		return err
	}
	if err := s.rollback(ctx, from, resting || s.repair == nil); err != nil {
		return err
	}
	if err := s.move(ctx, workflows.Request{To: to}); err != nil {
		return err
	}
	if err := s.soaks(ctx, to, from); err != nil {
		return err
	}
	return s.retire(ctx, from)
}

// soaking is how long the writers go on behind a switch, the late ones in the
// generation before.
const soaking = 3 * time.Second

// soaks has the writers go on for a while, and rest until both generations are as
// they should be: that is the soak's work alone.
func (s *set) soaks(ctx context.Context, active, standby string) error {
	s.doing.Store("soaks")
	wait(ctx, soaking)
	return s.still(func() error { return s.inStep(ctx, active, standby) })
}

func (s *set) inStep(ctx context.Context, active, standby string) error {
	if err := s.settled(ctx, s.activeOf(active)); err != nil {
		return err
	}
	return s.settled(ctx, s.standbyOf(standby))
}

// rollback goes back to the former model. What was written before it began is in
// the former generation then; where the writers rest that is all.
func (s *set) rollback(ctx context.Context, to string, resting bool) error {
	s.doing.Store("rolls back")
	back := func() error {
		return s.tell(ctx, workflows.SoakReversed, func() (workflows.SoakStatus, error) {
			return s.storm.stand.Client.Rollback(ctx, s.name, workflows.RollbackRequest{}, true)
		})
	}
	if !resting {
		if err := back(); err != nil {
			return err
		}
		s.storm.tally.turned(s.name, "rolled back")
		return s.still(func() error { return s.repaired(ctx, to) })
	}
	return s.still(func() error {
		if err := back(); err != nil {
			return err
		}
		s.storm.tally.turned(s.name, "rolled back at rest")
		shot, err := s.activeOf(to)(ctx)
		if err != nil {
			return err
		}
		return errors.Join(s.judged(shot), s.follow(ctx))
	})
}

// retire drops the former generation, and looks that it is gone. A late writer
// has to have come to the active one before.
func (s *set) retire(ctx context.Context, former string) error {
	s.doing.Store("retires")
	return s.still(func() error {
		err := errors.Join(s.follow(ctx), s.inStep(ctx, other[former], former))
		if err == nil {
			err = s.tell(ctx, workflows.SoakRetired, func() (workflows.SoakStatus, error) {
				return s.storm.stand.Client.Retire(ctx, s.name, workflows.RetireRequest{})
			})
		}
		if err != nil {
			return err
		}
		s.storm.tally.turned(s.name, "retired")
		_, there, err := s.view.standby(ctx, former)
		if err == nil && there {
			err = fmt.Errorf("%s: the generation of %s is there behind its retirement", s.name, former)
		}
		if err != nil {
			return err
		}
		return s.repaired(ctx, other[former])
	})
}

// follower is an application that may know an older route than there is.
type follower interface {
	follow(ctx context.Context) error
}

// follow has all writers read the route.
func (s *set) follow(ctx context.Context) error {
	for _, w := range s.writers {
		if app, ok := w.app.(follower); ok {
			if err := app.follow(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// rests is behind the last life: what was written since nobody kept a generation in
// step is synced by a job, where nothing else can.
func (s *set) rests(ctx context.Context) error {
	if s.repair == nil {
		if err := s.move(ctx, workflows.Request{To: other[s.active]}); err != nil {
			return err
		}
		s.active = other[s.active]
	}
	return s.repaired(ctx, s.active)
}

// repaired has what was written where no soak keeps a generation in step synced,
// if that can be, and looks at all of it.
func (s *set) repaired(ctx context.Context, model string) error {
	if s.repair != nil {
		if err := s.repair(ctx); err != nil {
			return err
		}
	}
	return s.settled(ctx, s.activeOf(model))
}

// activeOf is what the route points at, which has to be the model's.
func (s *set) activeOf(model string) func(context.Context) (snapshot, error) {
	return func(ctx context.Context) (snapshot, error) {
		shot, err := s.view.active(ctx)
		if err == nil && shot.model != model {
			err = fmt.Errorf("%s: the route points at %s of %s, not at one of %s", s.name, shot.locator, shot.model, model)
		}
		return shot, err
	}
}

// standbyOf is the model's generation, which has to be there.
func (s *set) standbyOf(model string) func(context.Context) (snapshot, error) {
	return func(ctx context.Context) (snapshot, error) {
		shot, there, err := s.view.standby(ctx, model)
		if err == nil && !there {
			err = fmt.Errorf("%s: there is no generation of %s", s.name, model)
		}
		return shot, err
	}
}
