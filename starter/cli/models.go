package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
)

// modelsOptions are the flags of models.
type modelsOptions struct{ active bool }

func (a *app) modelsCommand() *cobra.Command {
	var o modelsOptions
	cmd := &cobra.Command{
		Use: "models [NAME]", Short: "List the catalog's models, or show one", GroupID: groupData,
		Long: `Models lists the models of the catalog: by which embedder and provider's model
each is served, what its vectors are like, its fingerprint - which changes with
all that would change a vector - and the namespaces that begin with it. With a
name it shows all that the catalog says of that model.

It reads the catalog's file and nothing else, unless --active has it ask each
namespace's registry which model is active now.`,
		Example: `  reembed models
  reembed models text-embedding-3-small --active
  reembed models -o json | jq -r '.[].name'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runModels(cmd.Context(), args, o) },
	}
	cmd.Flags().BoolVar(&o.active, "active", false, "open the stores, and show where each model is active")
	return cmd
}

// knownModel is one model of `reembed models -o json`.
type knownModel struct {
	backends.Model
	Embedder    string   `json:"embedder"` // the catalog's entry
	Fingerprint string   `json:"fingerprint"`
	Namespaces  []string `json:"namespaces"`       // that begin with it
	Active      []string `json:"active,omitempty"` // namespaces whose route points at it; with --active
}

func (a *app) runModels(ctx context.Context, args []string, o modelsOptions) (err error) {
	w, err := a.existingWorld()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	names := args
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(w.Catalog().Models))
	}
	known := make([]knownModel, len(names))
	for i, name := range names {
		if known[i], err = modelOf(w, name); err != nil {
			return err
		}
	}
	if o.active {
		err = a.findActive(ctx, w, known) // what is known is printed all the same
	}
	if len(args) == 1 {
		return errors.Join(a.print(known[0], func(p *layout.Page) { writeModel(p, known[0], o) }), err)
	}
	return errors.Join(a.print(known, func(p *layout.Page) { writeModels(p, known, o) }), err)
}

func modelOf(w *catalog.World, name string) (knownModel, error) {
	m, err := w.Model(name)
	if err != nil {
		return knownModel{}, err
	}
	known := knownModel{
		Model: m, Embedder: w.Catalog().Models[name].Embedder, Fingerprint: m.Fingerprint(), Namespaces: []string{},
	}
	for _, namespace := range slices.Sorted(maps.Keys(w.Catalog().Namespaces)) {
		if w.Catalog().Namespaces[namespace].Model == name {
			known.Namespaces = append(known.Namespaces, namespace)
		}
	}
	return known, nil
}

// findActive asks the registry of each namespace for its route. One that does not
// answer keeps no other one's answer back.
func (a *app) findActive(ctx context.Context, w *catalog.World, known []knownModel) error {
	var errs []error
	for _, namespace := range slices.Sorted(maps.Keys(w.Catalog().Namespaces)) {
		r, found, err := activeRoute(ctx, w, namespace)
		if err != nil {
			errs = append(errs, fmt.Errorf("namespace %s: %w", namespace, err))
		}
		i := slices.IndexFunc(known, func(m knownModel) bool { return m.Name == r.Model })
		switch {
		case !found || i < 0: // another model was asked for, or the catalog has it no more: catalog check tells
		case known[i].Fingerprint != r.Fingerprint:
			a.note("namespace %s: active is a former model %s, of fingerprint %s: 'reembed catalog check' tells more", namespace, r.Model, r.Fingerprint)
		default:
			known[i].Active = append(known[i].Active, namespace)
		}
	}
	return errors.Join(errs...)
}

func writeModels(p *layout.Page, known []knownModel, o modelsOptions) {
	columns := []layout.Column{
		{Title: "MODEL"},
		{Title: "EMBEDDER", Rank: 4},
		{Title: "DRIVER", Rank: 9},
		{Title: "PROVIDER'S NAME", Rank: 5, Least: 16},
		{Title: "DIMENSIONS", Rank: 3},
		{Title: "METRIC", Rank: 6},
		{Title: "FINGERPRINT", Rank: 2, Least: 16},
		{Title: "MAX TOKENS", Rank: 8},
		{Title: "PRICE", Rank: 7},
		{Title: "NAMESPACES", Rank: 1},
	}
	if o.active {
		columns = append(columns, layout.Column{Title: "ACTIVE", Rank: 1})
	}
	t := p.Table(columns...)
	for _, m := range known {
		cells := []any{
			m.Name, m.Embedder, m.Driver, m.ProviderModel, m.Dimensions, m.Metric, m.Fingerprint,
			cmp.Or(tokens(m.MaxInputTokens), "-"), cmp.Or(price(m.PricePerMillionTokens), "-"), some(m.Namespaces),
		}
		if o.active {
			cells = append(cells, activeIn(m))
		}
		t.Row(cells...)
	}
}

func writeModel(p *layout.Page, m knownModel, o modelsOptions) {
	p.Pair("model", layout.Whole(m.Name))
	p.Pair("embedder", m.Embedder+", driver "+m.Driver)
	p.Pair("provider's name", layout.Whole(m.ProviderModel))
	p.Some("revision", m.Revision)
	p.Pair("dimensions", m.Dimensions)
	p.Pair("metric", m.Metric)
	p.Pair("normalized", m.Normalized)
	p.Pair("fingerprint", m.Fingerprint)
	for _, prefix := range [][2]string{{"document prefix", m.DocumentPrefix}, {"query prefix", m.QueryPrefix}} {
		if prefix[1] != "" {
			p.Pair(prefix[0], strconv.Quote(prefix[1]))
		}
	}
	p.Pair("max input tokens", cmp.Or(tokens(m.MaxInputTokens), "the provider's own limit"))
	if text := price(m.PricePerMillionTokens); text != "" {
		p.Pair("price", text+" per million tokens")
	}
	p.Pair("namespaces", some(m.Namespaces))
	if o.active {
		p.Pair("active", activeIn(m))
	}
}

// activeIn makes the models that are searched with stand out.
func activeIn(m knownModel) any {
	if len(m.Active) == 0 {
		return some(nil)
	}
	return layout.Styled{Value: some(m.Active), Style: layout.Good}
}

// tokens, price and some write what may not be there.
func tokens(n int) string {
	if n == 0 {
		return ""
	}
	return human.Count(n)
}

func price(perMillion float64) string {
	if perMillion == 0 {
		return ""
	}
	return strconv.FormatFloat(perMillion, 'f', -1, 64)
}

func some(names []string) string { return cmp.Or(strings.Join(names, ", "), "-") }
