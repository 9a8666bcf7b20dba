package catalog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
)

// Level is how much a finding matters.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Note Level = "note" // works, and is worth knowing
	Bad  Level = "problem"
)

// Finding is what a check says about one entry of the catalog.
type Finding struct {
	Key   string `json:"key"` // the way to the entry: "models.hashing-256"
	Level Level  `json:"level"`
	Text  string `json:"text"`
	Err   error  `json:"-"` // of a problem
}

// askTimeout bounds each question of a check, so that one dead backend hides no
// other's answer.
const askTimeout = 15 * time.Second

// Check opens all that the catalog names and asks it for a sign of life: stores;
// embedders, which have to return vectors as declared for a text of ours; and of
// each namespace its source, index, registry, route and golden files. It writes
// nothing but what opening a store writes. Findings are in the order of the keys.
func Check(ctx context.Context, w *World) []Finding {
	c := &check{world: w}
	open := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(w.catalog.Stores)) {
		open[name] = c.ask(ctx, "stores."+name, func(ctx context.Context) (string, error) {
			_, err := w.store(ctx, name)
			return "opens", err
		})
	}
	for _, name := range slices.Sorted(maps.Keys(w.catalog.Models)) {
		c.ask(ctx, "models."+name, func(ctx context.Context) (string, error) { return w.checkModel(ctx, name) })
	}
	for _, name := range slices.Sorted(maps.Keys(w.catalog.Namespaces)) {
		ns := w.catalog.Namespaces[name]
		c.golden(ns)
		if open[ns.Store] {
			c.source(ctx, ns)
			c.index(ctx, ns)
			c.publish(ctx, ns)
		}
		if reg := w.catalog.Registry; open[ns.Store] && reg == "" || open[reg] {
			c.route(ctx, ns)
		}
	}
	return c.findings
}

type check struct {
	world    *World
	findings []Finding
}

func (c *check) add(key string, level Level, text string, err error) {
	c.findings = append(c.findings, Finding{Key: key, Level: level, Text: text, Err: err})
}

// ask puts a question and notes the answer; it reports whether it was a good one.
func (c *check) ask(ctx context.Context, key string, question func(context.Context) (string, error)) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	text, err := question(ctx)
	if err != nil {
		c.add(key, Bad, err.Error(), err)
		return false
	}
	c.add(key, OK, text, nil)
	return true
}

// checkModel embeds a text of ours.
func (w *World) checkModel(ctx context.Context, name string) (string, error) {
	e, err := w.Embedder(name)
	if err != nil {
		return "", err
	}
	m := w.catalog.Models[name].Model
	answer, err := e.Embed(ctx, backends.Document, records.CanaryTexts[:1])
	if err != nil {
		return "", fmt.Errorf("embed a text: %w", err)
	}
	if n := len(answer.Vectors); n != 1 {
		return "", fmt.Errorf("%w: %d vectors for one text", backends.ErrInvalidVector, n)
	}
	if err := backends.CheckVector(answer.Vectors[0], m); err != nil {
		return "", err
	}
	return fmt.Sprintf("embeds in %d dimensions, fingerprint %s", m.Dimensions, m.Fingerprint()), nil
}

func (c *check) golden(ns Namespace) {
	if ns.Golden == nil {
		return
	}
	for _, file := range [][2]string{{"queries", ns.Golden.Queries}, {"qrels", ns.Golden.Qrels}} {
		if _, err := os.Stat(file[1]); err != nil {
			c.add("namespaces."+ns.Name+".golden."+file[0], Bad, err.Error(), err)
		}
	}
}

func (c *check) source(ctx context.Context, ns Namespace) {
	c.ask(ctx, "namespaces."+ns.Name+".source", func(ctx context.Context) (string, error) {
		inside, err := c.world.SelfContained(ctx, ns.Name)
		if err != nil {
			return "", err
		}
		if inside {
			c.add("namespaces."+ns.Name, Note, "self-contained: items live in the active collection; no fence, no capture of changes: passes are full", nil)
		}
		source, err := c.world.Source(ctx, ns.Name)
		if inside && errors.Is(err, backends.ErrNotFound) {
			return "no collection: the first import makes it", nil
		}
		if err != nil {
			return "", err
		}
		err = source.Ping(ctx)
		if _, takes := backends.As[backends.ItemWriter](source); takes && errors.Is(err, backends.ErrNotFound) {
			return "empty: the first import makes its table", nil
		}
		if err != nil {
			return "", err
		}
		if !inside {
			c.capture(ctx, ns, source)
		}
		n, exact, err := source.Count(ctx)
		if !exact {
			return fmt.Sprintf("about %d items", n), err
		}
		return fmt.Sprintf("%d items", n), err
	})
}

func (c *check) index(ctx context.Context, ns Namespace) {
	key := "namespaces." + ns.Name + ".index"
	c.ask(ctx, key, func(ctx context.Context) (string, error) {
		index, err := c.world.Index(ctx, ns.Name)
		if err != nil {
			return "", err
		}
		if err := index.Ping(ctx); err != nil {
			return "", err
		}
		traits, m := index.Traits(), c.world.catalog.Models[ns.Model].Model
		if traits.MaxDimensions > 0 && m.Dimensions > traits.MaxDimensions {
			return "", fmt.Errorf("%w: model %s has %d, the store takes %d", backends.ErrDimension, m.Name, m.Dimensions, traits.MaxDimensions)
		}
		if traits.ForeignWriters != "" {
			c.add(key, Note, traits.ForeignWriters, nil)
		}
		generations, err := index.Generations(ctx)
		return fmt.Sprintf("%d generations", len(generations)), err
	})
}

// route asks the registry, and whether what is active can still be searched: its
// model has to be in the catalog, unchanged.
func (c *check) route(ctx context.Context, ns Namespace) {
	c.ask(ctx, "namespaces."+ns.Name+".route", func(ctx context.Context) (string, error) {
		reg, err := c.world.Registry(ctx, ns.Name)
		if err != nil {
			return "", err
		}
		if err := reg.Ping(ctx); err != nil {
			return "", fmt.Errorf("registry: %w", err)
		}
		now, err := route.Get(ctx, reg, ns.Name)
		if errors.Is(err, backends.ErrNotFound) {
			return "none yet: the first job makes it", nil
		}
		if err != nil {
			return "", err
		}
		m, err := c.world.Model(now.Model)
		if err != nil {
			return "", fmt.Errorf("the active %w: queries can't be embedded", err)
		}
		if m.Fingerprint() != now.Fingerprint {
			return "", fmt.Errorf("%w: the catalog's model %s has fingerprint %s, the active generation was made by %s: set back what was changed, and give the new model a name of its own",
				backends.ErrConflict, m.Name, m.Fingerprint(), now.Fingerprint)
		}
		return fmt.Sprintf("generation %d at %s, model %s", now.Generation, now.Locator, now.Model), nil
	})
}
