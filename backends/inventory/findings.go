package inventory

import (
	"context"
	"fmt"
	"slices"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// Kind is what a finding is about.
type Kind string

// The kinds, in the order in which they are dropped: whoever is broken off in
// between leaves what the next look finds again.
const (
	OfGeneration Kind = "generation"
	OfConsumer   Kind = "consumer"   // of changes
	OfQuarantine Kind = "quarantine" // of a fingerprint, with its waivers
	OfCanaries   Kind = "canaries"   // of a fingerprint
)

// Finding is something that nobody owns.
type Finding struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"` // a locator, or a fingerprint
	Why  string `json:"why"`
	// Stranger: of a namespace that this catalog may not have. It is dropped only
	// by its name.
	Stranger bool `json:"stranger,omitempty"`
	// Generation is what is known of one.
	Generation *Generation `json:"generation,omitempty"`
}

// Same reports whether two findings name the same thing.
func (f Finding) Same(o Finding) bool { return f.Kind == o.Kind && f.Name == o.Name }

// Findings lists what nobody owns, generations first.
func (p Place) Findings(ctx context.Context, l Living) ([]Finding, error) {
	generations, err := p.Generations(ctx, l)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, g := range generations {
		if g.Role == Nobodys {
			found = append(found, Finding{
				Kind: OfGeneration, Name: g.Locator, Why: "no route, soak or job points at it", Generation: &g,
			})
		}
	}
	owners, err := p.owners(ctx, l)
	if err != nil {
		return nil, err
	}
	consumers, err := p.consumers(ctx, generations, owners)
	if err != nil {
		return nil, err
	}
	remains, err := p.remains(ctx, generations)
	return slices.Concat(found, consumers, remains), err
}

// consumers finds those whose changes nobody takes. Their names are locators; a
// table may have consumers of other namespaces as well.
func (p Place) consumers(ctx context.Context, generations []Generation, o owners) ([]Finding, error) {
	if p.Source == nil {
		return nil, nil
	}
	capture, ok := backends.As[backends.Capture](p.Source)
	if !ok {
		return nil, nil
	}
	all, err := capture.Consumers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list consumers of changes: %w", err)
	}
	var found []Finding
	for _, c := range all {
		exists := slices.ContainsFunc(generations, func(g Generation) bool { return g.Locator == c.Name })
		f := Finding{Kind: OfConsumer, Name: c.Name}
		switch {
		case o.served[c.Name], p.elsewhere(func(g backends.GenerationSpec) bool { return g.Locator == c.Name }):
			continue
		case exists:
			f.Why = "no soak or job takes its changes"
		case slices.Contains(p.Known, c.Name):
			f.Why = "its generation is gone"
		default:
			f.Why, f.Stranger = "its generation is none of this namespace, or gone with its model", true
		}
		if c.Pending >= 0 {
			f.Why += fmt.Sprintf("; %d changes are kept for it", c.Pending)
		}
		found = append(found, f)
	}
	return found, nil
}

func (p Place) elsewhere(is func(backends.GenerationSpec) bool) bool {
	return slices.ContainsFunc(p.Elsewhere, is)
}

// remains finds what is kept of fingerprints that have no generation, once those
// are gone that are nobody's.
func (p Place) remains(ctx context.Context, generations []Generation) ([]Finding, error) {
	has := func(fingerprint string) bool {
		return slices.ContainsFunc(generations, func(g Generation) bool { return g.Fingerprint == fingerprint && g.Role != Nobodys })
	}
	refused, err := records.QuarantineFingerprints(ctx, p.Registry, p.Namespace)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, fingerprint := range refused {
		if !has(fingerprint) {
			found = append(found, Finding{Kind: OfQuarantine, Name: fingerprint, Why: "no generation that somebody owns has this fingerprint"})
		}
	}
	if p.Elsewhere == nil {
		return found, nil
	}
	kept, err := records.CanaryFingerprints(ctx, p.Registry)
	if err != nil {
		return nil, err
	}
	for _, fingerprint := range kept {
		if !has(fingerprint) && !p.elsewhere(func(g backends.GenerationSpec) bool { return g.Fingerprint == fingerprint }) {
			found = append(found, Finding{Kind: OfCanaries, Name: fingerprint, Why: "no generation that somebody owns has this fingerprint, in no namespace of this registry"})
		}
	}
	return found, nil
}
