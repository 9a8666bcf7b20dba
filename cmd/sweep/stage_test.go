package sweep

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
)

// The two models: the namespace is moved from the former to the latter.
var (
	small = backends.Model{Name: "small", Driver: "hashing", ProviderModel: "small", Dimensions: 32, Metric: backends.Cosine, Normalized: true}
	large = backends.Model{Name: "large", Driver: "hashing", ProviderModel: "large", Dimensions: 48, Metric: backends.Cosine, Normalized: true}
)

// What is wrong with items of the stage, by id.
const (
	damaged   = "item-03" // has no text that can be read
	wordless  = "item-25" // the model refuses its text
	renewed   = "item-05" // was refused by a former job under another text
	twin      = "item-08" // has the text of its neighbour
	stale     = "item-10" // its text is newer than the shadow's record
	repacked  = "item-11" // its payload is newer than the shadow's record
	deserted  = "item-xx" // has a record in the shadow only
	forgotten = "item-yy" // a former job refused it, and it is gone

	changed = "item-12" // gets another text while the job runs
	leaving = "item-13" // is deleted meanwhile
	coming  = "item-31" // comes meanwhile
)

// abandoned is the former job, which the server does not know.
const abandoned = "terminated-long-ago"

// waived are the items without which the switch may happen.
var waived = []string{damaged, wordless}

const itemCount = 30

func text(i int) string {
	return fmt.Sprintf("entry %d tells of subject%d and of matter%d", i, i*7919, i*104729)
}

// corpus are the items as the job finds them.
func corpus() []backends.Item {
	items := make([]backends.Item, itemCount)
	for i := range items {
		items[i] = backends.Item{ID: fmt.Sprintf("item-%02d", i), Text: text(i)}
		switch items[i].ID {
		case twin:
			items[i].Text = text(i - 1)
		case wordless:
			items[i].Text = "..."
		}
	}
	return items
}

// stage brings a store to where a namespace may be when a job begins: an active
// generation that is right, and what a former job left when it was terminated,
// namely half a shadow, a lease, and refusals.
func (p *place) stage(ctx context.Context, l *lane) error {
	items := corpus()
	if p.index.Traits().CopiesPayload {
		for i := range items {
			items[i].Payload = []byte(fmt.Sprintf(`{"page":%d}`, i))
		}
	}
	if err := p.settle(ctx, l, items); err != nil {
		return err
	}
	if err := p.shadow(ctx, items); err != nil {
		return fmt.Errorf("shadow: %w", err)
	}
	return p.leftovers(ctx, l.name)
}

// settle brings a store to where a namespace is that no job has seen.
func (p *place) settle(ctx context.Context, l *lane, items []backends.Item) error {
	writer, _ := backends.As[backends.ItemWriter](p.source)
	if err := writer.PutItems(ctx, items); err != nil {
		return fmt.Errorf("put items: %w", err)
	}
	if err := p.damage(ctx, damaged); err != nil {
		return fmt.Errorf("damage an item: %w", err)
	}
	if err := p.active(ctx, l, items); err != nil {
		return fmt.Errorf("active generation: %w", err)
	}
	return nil
}

func (p *place) active(ctx context.Context, l *lane, items []backends.Item) error {
	locator := p.index.Locator(small)
	if err := p.fill(ctx, small, items); err != nil {
		return err
	}
	_, err := route.Swap(ctx, p.registry, 0, route.Route{
		Namespace: l.name, Generation: 1, Locator: locator, Model: l.model(small),
		Fingerprint: small.Fingerprint(), Dimensions: small.Dimensions, Metric: small.Metric,
	})
	return err
}

// shadow fills a third of the latter generation, of which some is wrong.
func (p *place) shadow(ctx context.Context, items []backends.Item) error {
	var left []backends.Item
	for _, it := range items[6:16] {
		switch it.ID {
		case stale:
			it.Text = "what the entry told before"
		case repacked:
			if it.Payload != nil {
				it.Payload = []byte("{}")
			}
		}
		left = append(left, it)
	}
	left = append(left, backends.Item{ID: deserted, Text: "an entry that nobody has any more"})
	return p.fill(ctx, large, left)
}

// fill writes right records of the items that have any.
func (p *place) fill(ctx context.Context, m backends.Model, items []backends.Item) error {
	g, err := p.index.Create(ctx, backends.SpecOf(m, p.index.Locator(m)))
	if err != nil {
		return err
	}
	copies := p.index.Traits().CopiesPayload
	var made []backends.Record
	for _, it := range items {
		if it.ID == damaged || it.ID == wordless {
			continue
		}
		v, err := vectorOf(ctx, m, it.Text)
		if err != nil {
			return err
		}
		r := backends.Record{ID: it.ID, Vector: v, Stamp: backends.NewStamp(it, m.Fingerprint(), copies)}
		if copies {
			r.Payload = it.Payload
		}
		made = append(made, r)
	}
	return g.Upsert(ctx, made)
}

func vectorOf(ctx context.Context, m backends.Model, text string) ([]float32, error) {
	e, err := hashing.New(m, hashing.Config{})
	if err != nil {
		return nil, err
	}
	answer, err := e.Embed(ctx, backends.Document, []string{text})
	if err != nil {
		return nil, err
	}
	return answer.Vectors[0], nil
}

func (p *place) leftovers(ctx context.Context, namespace string) error {
	raw, err := json.Marshal(records.Lease{Job: abandoned, Run: "gone"})
	if err != nil {
		return err
	}
	if _, err := p.registry.Put(ctx, "lease", namespace, 0, raw); err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	for _, id := range []string{renewed, forgotten} {
		err := records.PutQuarantined(ctx, p.registry, namespace, large.Fingerprint(), records.Quarantined{
			ID: id, Content: backends.ContentHash("a former text"), Reason: "refused", Job: abandoned, At: time.Now().UTC(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// move is what the application does while the job runs.
func (p *place) move(ctx context.Context) error {
	writer, _ := backends.As[backends.ItemWriter](p.source)
	err := writer.PutItems(ctx, []backends.Item{
		{ID: changed, Text: "entry 12 was told anew"}, {ID: coming, Text: text(31)},
	})
	if err != nil {
		return err
	}
	return writer.DeleteItems(ctx, []string{leaving})
}
