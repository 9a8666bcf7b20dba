package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

// planSample is how many items the estimates rest on.
const planSample = 200

// Plan finds out what the job would do. It writes nothing. What the target's
// provider refuses altogether (credentials, model, dimensions, vectors that
// can't be stored) is its error; what merely stands against the job is a blocker.
func (a *Activities) Plan(ctx context.Context, job Job) (Plan, error) {
	_, stop := beat(ctx)
	defer stop()
	p, err := a.plan(ctx, job)
	return p, failed(ctx, err)
}

func (a *Activities) plan(ctx context.Context, job Job) (Plan, error) {
	o, err := a.open(ctx, job)
	if err != nil {
		return Plan{}, err
	}
	p := &planner{
		opened: o, world: a.World, settings: a.Settings.WithDefaults(),
		Plan: Plan{Namespace: job.Namespace, From: job.From, To: job.To.Name, Fingerprint: job.Fingerprint, Locator: job.Locator},
	}
	for _, step := range []func(context.Context) error{
		p.health, p.count, p.disputed, p.sample, p.estimate, p.canaries, p.claim, p.provenance, p.waived,
	} {
		if err := step(ctx); err != nil {
			return p.Plan, err
		}
	}
	p.remarks()
	return p.Plan, nil
}

// planner looks at one thing after the other.
type planner struct {
	opened
	Plan
	world    *catalog.World
	settings Settings
	items    []backends.Item // the sample
}

func (p *planner) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

func (p *planner) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}

func (p *planner) block(format string, args ...any) {
	p.Blockers = append(p.Blockers, fmt.Sprintf(format, args...))
}

func (p *planner) health(ctx context.Context) error {
	for _, b := range []struct {
		what string
		ping func(context.Context) error
	}{{"source", p.source.Ping}, {"index", p.index.Ping}, {"registry", p.registry.Ping}} {
		if err := b.ping(ctx); err != nil {
			return fmt.Errorf("%s of namespace %q: %w", b.what, p.job.Namespace, err)
		}
	}
	most := cmp.Or(p.index.Traits().MaxDimensions, backends.MaxDimensions)
	if p.model.Dimensions > most {
		return fmt.Errorf("%w: model %s has %d, the store takes at most %d", backends.ErrDimension, p.model.Name, p.model.Dimensions, most)
	}
	return nil
}

func (p *planner) count(ctx context.Context) error {
	var err error
	if p.Items, p.ItemsExact, err = p.source.Count(ctx); err != nil {
		return fmt.Errorf("count items: %w", err)
	}
	if p.Items == 0 {
		p.note("the namespace is empty")
	}
	target, err := p.index.Open(ctx, p.Locator)
	if errors.Is(err, backends.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open generation %s: %w", p.Locator, err)
	}
	if spec := target.Spec(); spec.Fingerprint != p.Fingerprint {
		p.block("generation %s holds vectors of fingerprint %s", p.Locator, spec.Fingerprint)
		return nil
	}
	if p.AlreadyThere, err = target.Count(ctx); err != nil {
		return fmt.Errorf("count records: %w", err)
	}
	return nil
}

func (p *planner) sample(ctx context.Context) error {
	seed := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	var err error
	p.items, err = verify.Spread(ctx, p.source, planSample, seed)
	p.Sampled = len(p.items)
	return err
}

func (p *planner) canaries(ctx context.Context) error {
	err := checkCanaries(ctx, p.registry, p.embedder)
	if errors.Is(err, errCanariesChanged) {
		p.block("%s", err)
		return nil
	}
	return err
}

// remarks are about what the catalog leaves open.
func (p *planner) remarks() {
	if p.job.RouteVersion == 0 {
		p.note("namespace %q has no route yet: the switch creates it", p.Namespace)
	}
	if t := p.index.Traits(); t.ForeignWriters != "" && p.namespace.Writes == catalog.WritesVectors {
		p.warn("%s", t.ForeignWriters)
	}
	if p.job.Source != "" {
		p.note("the namespace is self-contained: items are read from %s; there is no fence and no capture of changes, so that each pass is a full one", p.job.Source)
	}
	if p.namespace.Publish != "" {
		p.warn("%s", catalog.PublishWarning(p.namespace.Publish))
	}
	if p.job.Source == "" {
		p.note("%s", catalog.CaptureRemark(p.source))
	}
	if p.namespace.Golden == nil {
		p.note("no golden queries: the quality of the models is not compared")
	}
}

// activeRoute is the route that the job sets out from; nil before the first switch.
func (p *planner) activeRoute(ctx context.Context) (*route.Route, error) {
	r, err := route.Get(ctx, p.registry, p.job.Namespace)
	if errors.Is(err, backends.ErrNotFound) {
		return nil, nil
	}
	return &r, err
}

func idsOf(items []backends.Item) []string {
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	return ids
}
