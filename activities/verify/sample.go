package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/reembed/reembed/backends"
)

// SampleOptions say how much is sampled, and what is good enough. Zero means the default.
type SampleOptions struct {
	Items int // embedded again; 200
	// Searches is how many of them are searched for. 200 where searches may be
	// approximate. Where they are exact each reads the whole generation: 20, and
	// fewer where that is large, 3 at least; see exactSearches.
	Searches  int
	MinCosine float64 // between a stored and a fresh vector; 0.999: encodings and float rounding differ
	ANN       bool    // IndexTraits.ANN: searches may be approximate
	MinRecall float64 // recall@10 of approximate against exact search; 0.9
	BatchSize int     // inputs of one request; 100
	Rand      *rand.Rand
}

func (o SampleOptions) withDefaults() SampleOptions {
	o.Items = cmp.Or(o.Items, 200)
	if o.Searches == 0 && o.ANN {
		o.Searches = 200
	}
	o.MinCosine = cmp.Or(o.MinCosine, 0.999)
	o.MinRecall = cmp.Or(o.MinRecall, 0.9)
	o.BatchSize = cmp.Or(o.BatchSize, 100)
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return o
}

// sampled is an item whose record carries the right stamp.
type sampled struct {
	item   backends.Item
	record backends.Record
}

// Sample embeds some items again and compares (Drift), looks whether searches
// by their stored vectors find them (Search), and, where searches may be
// approximate, how many of the nearest they find (ANN). Items whose record is
// missing or stale are passed over: those are Forward's.
func Sample(ctx context.Context, p Pair, e backends.Embedder, o SampleOptions) (Report, error) {
	o = o.withDefaults()
	var report Report
	items, err := Spread(ctx, p.Source, o.Items, o.Rand)
	if err != nil {
		return report, fmt.Errorf("sample: %w", err)
	}
	pairs, err := p.withRecords(ctx, items)
	if err != nil || len(pairs) == 0 {
		return report, err
	}
	suspects, err := drifted(ctx, e, pairs, o, &report)
	if err != nil {
		return report, err
	}
	if o.Searches == 0 {
		records, err := p.Target.Count(ctx)
		if err != nil {
			return report, fmt.Errorf("count records: %w", err)
		}
		o.Searches = exactSearches(records)
	}
	searched := spread(pairs, o.Searches)
	lost, err := p.unfound(ctx, searched, o)
	if err != nil {
		return report, err
	}
	report.Searched = len(searched)
	if err := p.confirm(ctx, Drift, suspects, &report); err != nil {
		return report, err
	}
	if err := p.confirm(ctx, Search, lost, &report); err != nil {
		return report, err
	}
	if o.ANN {
		return report, p.annRecall(ctx, searched, o, &report)
	}
	return report, nil
}

// spread picks at most n of the pairs, from all over.
func spread(pairs []sampled, n int) []sampled {
	if len(pairs) <= n {
		return pairs
	}
	picked := make([]sampled, n)
	for i := range picked {
		picked[i] = pairs[i*len(pairs)/n]
	}
	return picked
}

// withRecords pairs items with their records, where those are current.
func (p Pair) withRecords(ctx context.Context, items []backends.Item) ([]sampled, error) {
	if len(items) == 0 {
		return nil, nil
	}
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	records, err := p.Target.Fetch(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("fetch sampled records: %w", err)
	}
	byID := make(map[string]backends.Record, len(records))
	for _, r := range records {
		byID[r.ID] = r
	}
	var pairs []sampled
	for _, item := range items {
		r, ok := byID[item.ID]
		want := backends.Stamp{Content: backends.ContentHash(item.Text), Fingerprint: p.Model.Fingerprint()}
		if ok && r.Stamp.SameVector(want) {
			pairs = append(pairs, sampled{item: item, record: r})
		}
	}
	return pairs, nil
}

// alone is how many of a sample are embedded one by one.
const alone = 3

// drifted returns those whose fresh vector is another one. A server that gives
// vectors to the wrong texts may do so again when they come as they came before.
// In a sample they come in an order of its own, which for a few texts may be the
// same by chance: so some of them come one by one, where nothing can be mixed up.
func drifted(ctx context.Context, e backends.Embedder, pairs []sampled, o SampleOptions, report *Report) ([]sampled, error) {
	texts := make([]string, len(pairs))
	for i := range pairs {
		texts[i] = pairs[i].item.Text
	}
	single := min(alone, len(texts))
	fresh, err := embedAll(ctx, e, backends.Document, texts[:single], 1)
	if err == nil {
		var more [][]float32
		more, err = embedAll(ctx, e, backends.Document, texts[single:], o.BatchSize)
		fresh = append(fresh, more...)
	}
	if err != nil {
		return nil, fmt.Errorf("embed the sample: %w", err)
	}
	report.Sampled, report.MinCosine = len(pairs), 1
	var suspects []sampled
	for i := range pairs {
		cos := backends.CosineSimilarity(pairs[i].record.Vector, fresh[i])
		report.MinCosine = min(report.MinCosine, cos)
		if !(cos >= o.MinCosine) { // also NaN
			suspects = append(suspects, pairs[i])
		}
	}
	return suspects, nil
}

// confirm finds what is wrong still, when items and records are read again.
func (p Pair) confirm(ctx context.Context, kind Kind, suspects []sampled, report *Report) error {
	if len(suspects) == 0 {
		return nil
	}
	ids := make([]string, len(suspects))
	for i := range suspects {
		ids[i] = suspects[i].item.ID
	}
	items, err := p.Source.Lookup(ctx, ids)
	if err != nil {
		return fmt.Errorf("look sampled items up: %w", err)
	}
	now, err := p.withRecords(ctx, items)
	if err != nil {
		return err
	}
	same := make(map[string]sampled, len(now))
	for _, s := range now {
		same[s.item.ID] = s
	}
	for _, s := range suspects {
		n, ok := same[s.item.ID]
		if ok && n.record.Stamp == s.record.Stamp {
			report.Found(Finding{Kind: kind, ID: s.item.ID, Want: s.record.Stamp.Content})
		}
	}
	return nil
}

// embedAll embeds texts in requests that the embedder takes. A text that is
// refused alone gets no vector (nil).
func embedAll(ctx context.Context, e backends.Embedder, purpose backends.Purpose, texts []string, batch int) ([][]float32, error) {
	limits := e.Limits()
	if limits.Inputs > 0 {
		batch = min(batch, limits.Inputs)
	}
	var vectors [][]float32
	for len(texts) > 0 {
		n, tokens := 0, 0
		for n < min(batch, len(texts)) {
			tokens += backends.EstimateTokens(texts[n])
			if limits.TokensPerRequest > 0 && tokens > limits.TokensPerRequest && n > 0 {
				break
			}
			n++
		}
		got, err := embedSome(ctx, e, purpose, texts[:n])
		if err != nil {
			return nil, err
		}
		vectors = append(vectors, got...)
		texts = texts[n:]
	}
	return vectors, nil
}

func embedSome(ctx context.Context, e backends.Embedder, purpose backends.Purpose, texts []string) ([][]float32, error) {
	answer, err := e.Embed(ctx, purpose, texts)
	switch {
	case errors.Is(err, backends.ErrInvalidInput) && len(texts) == 1:
		return [][]float32{nil}, nil
	case errors.Is(err, backends.ErrInvalidInput):
		half := len(texts) / 2
		first, err := embedSome(ctx, e, purpose, texts[:half])
		if err != nil {
			return nil, err
		}
		second, err := embedSome(ctx, e, purpose, texts[half:])
		return append(first, second...), err
	case err != nil:
		return nil, err
	case len(answer.Vectors) != len(texts):
		return nil, fmt.Errorf("%w: %d vectors for %d texts", backends.ErrInvalidVector, len(answer.Vectors), len(texts))
	}
	return answer.Vectors, nil
}
