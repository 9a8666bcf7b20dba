package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
)

// recordBytes is what a store keeps beside a vector: id, stamp, indexes; a guess.
const recordBytes = 200

// estimate projects the sample on all items: how many are to be embedded, and
// what that costs, judged by one request.
func (p *planner) estimate(ctx context.Context) error {
	texts, guess := p.requestOf()
	begin := time.Now()
	tokens, err := p.ask(ctx, texts)
	if errors.Is(err, backends.ErrInvalidInput) { // some text; quarantine is for that
		p.warn("the provider refused a text of the sample: items that it refuses are set aside")
		guess, begin = backends.EstimateTokens(probe), time.Now()
		tokens, err = p.ask(ctx, []string{probe})
	}
	took := time.Since(begin)
	p.ItemTime = Duration(took / time.Duration(len(texts)))
	if err != nil {
		return fmt.Errorf("embed a sample with model %s: %w", p.To, err)
	}
	dirty, err := p.dirty(ctx)
	if err != nil || p.Sampled == 0 {
		return err
	}
	var sampled int
	for _, item := range p.items {
		sampled += backends.EstimateTokens(item.Text)
	}
	factor := 1.0 // of what is guessed
	if tokens > 0 && guess > 0 {
		factor = float64(tokens) / float64(guess)
	}
	perItem := float64(sampled) / float64(p.Sampled) * factor
	p.lengths(factor)
	p.ToEmbed = dirty
	p.EstimatedTokens = int64(perItem * float64(dirty))
	p.EstimatedCost = float64(p.EstimatedTokens) / 1e6 * p.model.PricePerMillionTokens
	p.EstimatedBytes = dirty * int64(4*p.model.Dimensions+recordBytes)
	p.EstimatedTime = Duration(p.timeFor(dirty, len(texts), took))
	if t := p.job.Timeout; t > 0 && time.Duration(p.EstimatedTime) > t {
		p.block("the estimated time of %s is over the timeout of %s", time.Duration(p.EstimatedTime), t)
	}
	return nil
}

// lengths warns of texts that are longer than the model takes, as far as tokens
// can be estimated.
func (p *planner) lengths(factor float64) {
	long := 0
	for _, item := range p.items {
		if float64(backends.EstimateTokens(item.Text))*factor > float64(p.model.MaxInputTokens) {
			long++
		}
	}
	if long > 0 && p.model.MaxInputTokens > 0 {
		p.warn("%d of %d sampled texts are estimated at more than the %d tokens that model %s takes: the provider refuses such, or cuts them off",
			long, p.Sampled, p.model.MaxInputTokens, p.To)
	}
}

// ask sends one request and returns what it cost. Vectors that must not be
// stored are an error when all are such, or of another length: then it is the
// model's fault, and not a text's.
func (p *planner) ask(ctx context.Context, texts []string) (tokens int64, err error) {
	answer, err := p.embedder.Embed(ctx, backends.Document, texts)
	if err != nil {
		return 0, err
	}
	if len(answer.Vectors) != len(texts) {
		return 0, fmt.Errorf("%w: %d vectors for %d texts", backends.ErrInvalidVector, len(answer.Vectors), len(texts))
	}
	bad := 0
	for _, v := range answer.Vectors {
		if err = backends.CheckVector(v, p.model); err != nil {
			bad++
		}
		if errors.Is(err, backends.ErrDimension) || bad == len(texts) {
			return 0, err
		}
	}
	if bad > 0 {
		p.warn("%d of %d sampled texts got vectors that must not be stored: such items are set aside", bad, len(texts))
	}
	return answer.Tokens, nil
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

// dirty estimates how many items have no right record in the target: by the
// sample, and at least as many as have no record at all.
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
	return max(p.Items*int64(n)/int64(p.Sampled), p.Items-p.AlreadyThere), nil
}

// timeFor assumes that requests take as long as the sampled one, and that the
// job's window of ranges runs at once; a provider's rate limit may make it longer.
func (p *planner) timeFor(items int64, texts int, took time.Duration) time.Duration {
	requests := (items + int64(texts) - 1) / int64(texts)
	c := cut{least: int64(p.settings.RangeItems), perItem: time.Duration(p.ItemTime) / time.Duration(p.settings.Concurrency)}
	ranges := min(max(1, p.job.Window), c.rangesFor(workOf(p.Items, items)))
	parallel := int64(ranges * p.settings.Concurrency)
	return (took * time.Duration((requests+parallel-1)/parallel)).Round(time.Millisecond)
}
