package activities

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
)

const (
	// claimSample is how many active vectors are made again with the source model.
	claimSample = 8
	// claimCosine is what a vector of the same model and text has at least, by
	// far; those of another model are near 0.
	claimCosine = 0.98
)

// claim checks what the route says of the active generation: that its vectors
// are of the model it names. A job from a wrong claim would offer a way back
// that searches the wrong space.
func (p *planner) claim(ctx context.Context) error {
	now, err := p.activeRoute(ctx)
	if err != nil || now == nil || now.Locator == p.Locator {
		return err
	}
	generation, err := p.index.Open(ctx, now.Locator)
	if err != nil {
		p.warn("the active generation %s can't be read: %s", now.Locator, bounded(err.Error()))
		return nil
	}
	records, err := generation.Fetch(ctx, idsOf(p.items))
	if err != nil {
		return fmt.Errorf("fetch active records: %w", err)
	}
	return p.embedAgain(ctx, *now, p.current(records, *now))
}

// claimed is an item with the active vector that was made from its text.
type claimed struct {
	text   string
	vector []float32
}

// current picks records whose stamp fits their item and the route. In a collection an application's own
// records carry no stamp, and their text says what they were made from.
func (p *planner) current(records []backends.Record, now route.Route) (pairs []claimed) {
	byID := make(map[string]backends.Record, len(records))
	for _, r := range records {
		byID[r.ID] = r
	}
	for _, item := range p.items {
		r, ok := byID[item.ID]
		switch {
		case !ok:
		case p.job.Source != "" && r.Stamp == (backends.Stamp{}) && r.Text == item.Text:
			if len(pairs) < claimSample {
				pairs = append(pairs, claimed{text: item.Text, vector: r.Vector})
			}
		case r.Stamp.SameVector(backends.NewStamp(item, now.Fingerprint, false)) && len(pairs) < claimSample:
			pairs = append(pairs, claimed{text: item.Text, vector: r.Vector})
		}
	}
	return pairs
}

// embedAgain embeds with the source model. That it can't be asked any more is no
// reason against leaving it; that it answers otherwise is.
func (p *planner) embedAgain(ctx context.Context, now route.Route, pairs []claimed) error {
	model, err := p.world.Model(now.Model)
	if err != nil {
		p.warn("the active model %s is not in the catalog: its vectors can't be checked", now.Model)
		return nil
	}
	if model.Fingerprint() != now.Fingerprint {
		p.warn("the catalog's model %s has another fingerprint than the active generation: its vectors can't be checked", now.Model)
		return nil
	}
	if len(pairs) == 0 {
		return nil
	}
	texts := make([]string, len(pairs))
	for i := range pairs {
		texts[i] = pairs[i].text
	}
	embedder, err := p.world.Embedder(now.Model)
	var answer backends.Embedding
	if err == nil {
		answer, err = embedder.Embed(ctx, backends.Document, texts)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		p.warn("the active model %s does not answer any more, its vectors can't be checked: %s", now.Model, bounded(err.Error()))
		return nil
	case len(answer.Vectors) != len(texts):
		return fmt.Errorf("model %s: %w: %d vectors for %d texts", now.Model, backends.ErrInvalidVector, len(answer.Vectors), len(texts))
	}
	wrong := 0
	for i := range pairs {
		if backends.CosineSimilarity(pairs[i].vector, answer.Vectors[i]) < claimCosine {
			wrong++
		}
	}
	if wrong > 0 {
		p.block("%d of %d sampled active vectors are not of model %s: the route or the stamps claim a wrong model", wrong, len(pairs), now.Model)
	}
	return nil
}
