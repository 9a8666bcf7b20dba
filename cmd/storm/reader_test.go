package storm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
)

const (
	searchEvery = 40 * time.Millisecond
	nearest     = 10
)

// searcher asks a set for what is nearest to a text, by the route.
type searcher interface {
	// search returns the hits, and the model whose space they are of.
	search(ctx context.Context, text string) (hits []backends.Hit, model string, err error)
}

// read searches until the context ends, and checks every answer.
func (s *set) read(ctx context.Context, by searcher, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 0))
	tick := time.NewTicker(searchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		anchor := s.anchors[rng.IntN(len(s.anchors))]
		text := s.book.last(anchor).text
		hits, model, err := by.search(ctx, text)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = s.explain(model, text, anchor, hits)
		}
		if err != nil {
			return fmt.Errorf("a search in %s, %s after its begin: %w", s.name, time.Since(s.book.begun).Round(time.Millisecond), err)
		}
		s.storm.tally.searches.Add(1)
	}
}

// explain holds an answer against the book: the anchor, whose text was asked for,
// is the nearest, and each score is that of a text which the item once had.
func (s *set) explain(model, text, anchor string, hits []backends.Hit) error {
	if len(hits) == 0 || hits[0].ID != anchor || hits[0].Score < 1-tolerance {
		return fmt.Errorf("by %s: %s is not the nearest to its own text: %v", model, anchor, hits)
	}
	query, err := vector(model, text)
	if err != nil {
		return err
	}
	for _, h := range hits {
		texts := s.book.texts(h.ID)
		if len(texts) == 0 {
			return fmt.Errorf("by %s: %s never was", model, h.ID)
		}
		ours, err := scored(query, model, texts, h.Score)
		if err != nil {
			return err
		}
		if ours {
			continue
		}
		strange, err := scored(query, other[model], texts, h.Score)
		if err != nil {
			return err
		}
		if strange {
			return fmt.Errorf("by %s: the vector of %s is of %s's space\n%s", model, h.ID, other[model], s.book.history(h.ID))
		}
		return fmt.Errorf("by %s: %s has score %.6f, which no text of it ever had\n%s", model, h.ID, h.Score, s.book.history(h.ID))
	}
	return nil
}

// scored reports whether the model's vector of one of the texts has the score.
func scored(query []float32, model string, texts []string, score float64) (bool, error) {
	for _, text := range texts {
		v, err := vector(model, text)
		if err != nil {
			return false, err
		}
		if math.Abs(cosine(query, v)-score) < tolerance {
			return true, nil
		}
	}
	return false, nil
}

// goReader is an application in Go.
type goReader struct {
	namespace string
	routes    *route.Reader
	index     backends.Index
}

// routeAge is how old a reader's route may be.
const routeAge = 500 * time.Millisecond

func newGoReader(namespace string, reg backends.Registry, index backends.Index) *goReader {
	return &goReader{namespace, route.NewReader(reg, route.ReaderOptions{MaxAge: routeAge}), index}
}

// search takes model and locator from one answer. A generation that is not there
// any more was retired behind the reader's back: it asks for the route once more.
func (r *goReader) search(ctx context.Context, text string) ([]backends.Hit, string, error) {
	now, err := r.routes.Current(ctx, r.namespace)
	if err != nil {
		return nil, "", err
	}
	hits, err := r.ask(ctx, now.Route, text)
	if !errors.Is(err, backends.ErrNotFound) {
		return hits, now.Model, err
	}
	fresh, rerr := r.routes.Refresh(ctx, r.namespace)
	if rerr != nil {
		return nil, "", errors.Join(err, rerr)
	}
	hits, err = r.ask(ctx, fresh, text)
	return hits, fresh.Model, err
}

func (r *goReader) ask(ctx context.Context, at route.Route, text string) ([]backends.Hit, error) {
	query, err := vector(at.Model, text)
	if err != nil {
		return nil, err
	}
	g, err := r.index.Open(ctx, at.Locator)
	if err != nil {
		return nil, err
	}
	if g.Spec().Fingerprint != at.Fingerprint {
		return nil, fmt.Errorf("the route says fingerprint %s, the generation %s", at.Fingerprint, g.Spec().Fingerprint)
	}
	return g.Search(ctx, backends.Query{Vector: query, K: nearest})
}

// sqlReader is an application in another language: route and vectors are read
// with SQL, at one moment, and ranked by itself.
type sqlReader struct{ view *view }

func (r *sqlReader) search(ctx context.Context, text string) (hits []backends.Hit, model string, err error) {
	var records map[string]record
	err = r.view.reading(ctx, func(q queryer) error {
		p, err := r.view.route(ctx, q)
		if err != nil {
			return err
		}
		model = p.Model
		records, err = r.view.records(ctx, q, p.Locator)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	query, err := vector(model, text)
	if err != nil {
		return nil, "", err
	}
	for id, rec := range records {
		hits = append(hits, backends.Hit{ID: id, Score: cosine(query, rec.vector)})
	}
	slices.SortFunc(hits, backends.CompareHits)
	return hits[:min(nearest, len(hits))], model, nil
}
