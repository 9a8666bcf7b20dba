package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

const (
	// planSample is how many items the estimates rest on.
	planSample = 200
	// recordBytes is what a store keeps beside a vector: id, stamp, indexes; a guess.
	recordBytes = 200
)

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
		p.health, p.count, p.sample, p.estimate, p.canaries, p.claim,
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

// estimate projects the sample on all items: how many are to be embedded, and
// what that costs, judged by one request.
func (p *planner) estimate(ctx context.Context) error {
	texts, guess := p.requestOf()
	begin := time.Now()
	answer, err := p.embedder.Embed(ctx, backends.Document, texts)
	took := time.Since(begin)
	if errors.Is(err, backends.ErrInvalidInput) { // some text; quarantine is for that
		p.warn("the provider refused a text of the sample: items that it refuses are set aside")
		texts, guess, begin = []string{probe}, backends.EstimateTokens(probe), time.Now()
		answer, err = p.embedder.Embed(ctx, backends.Document, texts)
		took = time.Since(begin)
	}
	if err != nil {
		return fmt.Errorf("embed a sample with model %s: %w", p.To, err)
	}
	if len(answer.Vectors) != len(texts) {
		return fmt.Errorf("%w: %d vectors for %d texts", backends.ErrInvalidVector, len(answer.Vectors), len(texts))
	}
	for _, v := range answer.Vectors {
		if err := backends.CheckVector(v, p.model); err != nil {
			return fmt.Errorf("sample of model %s: %w", p.To, err)
		}
	}
	dirty, err := p.dirty(ctx)
	if err != nil || p.Sampled == 0 {
		return err
	}
	var sampled int
	for _, item := range p.items {
		sampled += backends.EstimateTokens(item.Text)
	}
	perItem := float64(sampled) / float64(p.Sampled)
	if answer.Tokens > 0 && guess > 0 {
		perItem *= float64(answer.Tokens) / float64(guess)
	}
	p.EstimatedTokens = int64(perItem * float64(dirty))
	p.EstimatedCost = float64(p.EstimatedTokens) / 1e6 * p.model.PricePerMillionTokens
	p.EstimatedBytes = dirty * int64(4*p.model.Dimensions+recordBytes)
	p.EstimatedTime = Duration(p.timeFor(dirty, len(texts), took))
	if t := p.job.Timeout; t > 0 && time.Duration(p.EstimatedTime) > t {
		p.block("the estimated time of %s is over the timeout of %s", time.Duration(p.EstimatedTime), t)
	}
	return nil
}

// probe stands for the corpus where there is no text to sample.
const probe = "A short text that finds out what the model answers."

// requestOf is one request of sampled texts, as the job would send it, and how
// many tokens it is guessed to have.
func (p *planner) requestOf() (texts []string, guess int) {
	limits := p.embedder.Limits()
	most := p.job.BatchSize
	if limits.Inputs > 0 {
		most = min(most, limits.Inputs)
	}
	for _, item := range p.items {
		cost := backends.EstimateTokens(item.Text)
		if len(texts) == most || (limits.TokensPerRequest > 0 && guess+cost > limits.TokensPerRequest && len(texts) > 0) {
			break
		}
		texts = append(texts, item.Text)
		guess += cost
	}
	if len(texts) == 0 {
		return []string{probe}, backends.EstimateTokens(probe)
	}
	return texts, guess
}

// dirty estimates how many items have no right record in the target.
func (p *planner) dirty(ctx context.Context) (int64, error) {
	if p.AlreadyThere == 0 || p.Sampled == 0 {
		return p.Items, nil
	}
	target, err := p.target(ctx)
	if err != nil {
		return 0, err
	}
	stamps, err := target.Stamps(ctx, idsOf(p.items))
	if err != nil {
		return 0, fmt.Errorf("look up stamps: %w", err)
	}
	n := 0
	for _, item := range p.items {
		if !stamps[item.ID].SameVector(backends.NewStamp(item, p.Fingerprint, false)) {
			n++
		}
	}
	return p.Items * int64(n) / int64(p.Sampled), nil
}

// timeFor assumes that requests take as long as the sampled one, and that the
// job's window of ranges runs at once; a provider's rate limit may make it longer.
func (p *planner) timeFor(items int64, texts int, took time.Duration) time.Duration {
	requests := (items + int64(texts) - 1) / int64(texts)
	ranges := min(int64(max(1, p.job.Window)), 1+p.Items/int64(p.settings.RangeItems))
	parallel := ranges * int64(p.settings.Concurrency)
	return (took * time.Duration((requests+parallel-1)/parallel)).Round(time.Millisecond)
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
