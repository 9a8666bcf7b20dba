package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/reembed/reembed/cmd/bench/machine"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// Job is what a whole job took.
type Job struct {
	Copy    time.Duration // of the phase copying
	CatchUp time.Duration // of the phase catching-up, each time that it was in it
	Phases  []Phase       // all, in the order in which they began
	Whole   time.Duration // from the start of the workflow to its end
	Events  int           // of the histories of the job and of all its ranges
	Server  time.Duration // processor time of Temporal meanwhile
	Status  workflows.Status
	Taken
}

// Reembed runs a job with a worker of its own, to its end.
func (p *Place) Reembed(ctx context.Context) (job Job, err error) {
	w, err := p.Hire()
	if err != nil {
		return job, err
	}
	job, err = p.reembed(ctx, w)
	taken, derr := w.Dismiss()
	job.Taken = taken
	return job, errors.Join(err, derr)
}

func (p *Place) reembed(ctx context.Context, w *Worker) (Job, error) {
	if err := w.Ready(ctx); err != nil {
		return Job{}, err
	}
	before, err := machine.CPU(p.rig.server.Pid())
	if err != nil {
		return Job{}, err
	}
	h, err := p.Start(ctx, Namespace)
	if err != nil {
		return Job{}, err
	}
	job, err := p.Finish(ctx, h)
	if err != nil {
		return job, err
	}
	after, err := machine.CPU(p.rig.server.Pid())
	job.Server = after - before
	return job, err
}

// Start starts a job.
func (p *Place) Start(ctx context.Context, namespace string) (starter.Handle, error) {
	return p.rig.client.Start(ctx, workflows.Request{Namespace: namespace, To: Model}, starter.StartOptions{})
}

// Finish waits for a job, and reads what it took from its history.
func (p *Place) Finish(ctx context.Context, h starter.Handle) (Job, error) {
	status, err := p.rig.client.Wait(ctx, h)
	if err != nil {
		return Job{}, err
	}
	if status.State != workflows.Completed {
		log, _ := os.ReadFile(p.file("worker.log")) // the job's end is the error
		return Job{}, fmt.Errorf("job %s is %s: %s %s; the worker said: %s", h.ID, status.State, status.ErrorCode, status.Reason, log)
	}
	story, err := read(ctx, p.rig.conn, h.ID, h.Run)
	if err != nil {
		return Job{}, fmt.Errorf("history of job %s: %w", h.ID, err)
	}
	job := Job{Phases: story.phases, Whole: story.closed.Sub(story.started), Events: story.events, Status: status}
	for _, ph := range job.Phases {
		switch ph.Name {
		case workflows.Copying:
			job.Copy = ph.Took
		case workflows.CatchingUp:
			job.CatchUp += ph.Took
		}
	}
	return job, nil
}
