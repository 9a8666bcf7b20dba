package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

// Resolve reads a request strictly, against the catalog. What it refuses it
// refuses with INVALID_REQUEST, before anything was begun.
//
// The job's Run is that of the asking run; the workflow, which knows its first
// run, sets it.
func (a *Activities) Resolve(ctx context.Context, request json.RawMessage) (Job, error) {
	job, err := a.resolve(ctx, request)
	if err != nil {
		return Job{}, failed(ctx, err)
	}
	run := activity.GetInfo(ctx).WorkflowExecution
	job.ID, job.Run = run.ID, run.RunID
	return job, nil
}

func (a *Activities) resolve(ctx context.Context, request json.RawMessage) (Job, error) {
	r, err := DecodeRequest(request)
	if err != nil {
		return Job{}, err
	}
	ns, err := a.World.Namespace(r.Namespace)
	if err != nil {
		return Job{}, refused("namespace", err)
	}
	to, err := a.World.Model(r.To)
	if err != nil {
		return Job{}, refused("to", err)
	}
	job := a.jobOf(r, to)
	job.Publish, job.PostHook = ns.Publish != "", ns.Hooks.Post != nil
	reg, err := a.World.Registry(ctx, ns.Name)
	if err != nil {
		return Job{}, err
	}
	active, err := route.Get(ctx, reg, ns.Name)
	switch {
	case errors.Is(err, backends.ErrNotFound): // nothing was ever switched to
	case err != nil:
		return Job{}, err
	default:
		job.From, job.RouteVersion = active.Model, active.Version
	}
	if err := a.checkSoaking(ctx, reg, job); err != nil {
		return Job{}, err
	}
	if err := a.checkFrom(r, ns, job.From); err != nil {
		return Job{}, err
	}
	index, err := a.World.Index(ctx, ns.Name)
	if err != nil {
		return Job{}, err
	}
	job.Locator = index.Locator(to)
	if _, inside := backends.As[backends.SelfContained](index); inside {
		if active.Locator == "" {
			return Job{}, refused("namespace", fmt.Errorf("%q is self-contained and has no active collection yet: import items first", ns.Name))
		}
		job.Source = active.Locator
	}
	return job, nil
}

// jobOf fills in the worker's settings where the request is silent.
func (a *Activities) jobOf(r Request, to backends.Model) Job {
	set := a.Settings.WithDefaults()
	priority, _ := ParsePriority(string(r.Priority)) // checked by DecodeRequest
	job := Job{
		Namespace: r.Namespace, To: to, Fingerprint: to.Fingerprint(),
		Priority: priority, BatchSize: r.BatchSize, Timeout: set.JobTimeout, DryRun: r.DryRun,
		MaxFailedItems: DefaultMaxFailedItems, Waive: r.Waive, ForeignStamps: r.ForeignStamps,
		Cutover: r.Cutover, CutoverWindow: r.CutoverWindow, MaxVerifyAge: DefaultMaxVerifyAge,
		SoakSeconds: int64(set.Soak / time.Second), EndSoak: r.EndSoak,
		Window: set.Window, ContinueAfter: set.ContinueAfter,
	}
	if job.BatchSize == 0 {
		job.BatchSize = set.BatchSize
	}
	if r.TimeoutSeconds != nil {
		job.Timeout = time.Duration(*r.TimeoutSeconds) * time.Second
	}
	if r.SoakSeconds != nil {
		job.SoakSeconds = *r.SoakSeconds
	}
	if r.MaxFailedItems != nil {
		job.MaxFailedItems = *r.MaxFailedItems
	}
	if r.MaxVerifyAgeSeconds != nil {
		job.MaxVerifyAge = time.Duration(*r.MaxVerifyAgeSeconds) * time.Second
	}
	return job
}

// checkFrom refuses a job whose asker believes in another active model. Before
// the first switch the active model is the one that the namespace begins with.
func (a *Activities) checkFrom(r Request, ns catalog.Namespace, active string) error {
	if r.From == "" {
		return nil
	}
	if _, err := a.World.Model(r.From); err != nil {
		return refused("from", err)
	}
	if active == "" {
		active = ns.Model
	}
	if r.From != active {
		return refused("from", fmt.Errorf("the active model of namespace %q is %q", ns.Name, active))
	}
	return nil
}

// refused names the request's field that can't be resolved. What is not found is
// the request's fault, not the catalog's: only the words of err are kept.
func refused(field string, err error) error {
	return fmt.Errorf("%w: request field %q: %s", backends.ErrInvalidInput, field, err)
}
