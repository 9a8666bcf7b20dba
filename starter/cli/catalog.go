package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/starter/cli/layout"
)

// checkOptions are the flags of catalog check.
type checkOptions struct{ offline bool }

func (a *app) catalogCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "catalog", Short: "Look at the catalog", GroupID: groupData,
		Example: "  reembed catalog check", Args: cobra.NoArgs, RunE: needsCommand,
	}
	var o checkOptions
	check := &cobra.Command{
		Use: "check", Short: "Check the catalog, and what it names",
		Long: `Check reads the catalog strictly and reports every problem with its file, line
and key. Then it opens what it names and asks for a sign of life: stores, the
embedders of all models (one short text each), and of each namespace its source,
index, golden files and registry, and whether the model of its route is still
there, unchanged.`,
		Example: `  reembed catalog check
  reembed catalog check --catalog prod.yaml --offline -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runCheck(cmd.Context(), o) },
	}
	check.Flags().BoolVar(&o.offline, "offline", false, "read the file only, open nothing")
	group.AddCommand(check)
	return group
}

// checked is what `reembed catalog check -o json` prints of a catalog that can
// be read.
type checked struct {
	File       string            `json:"file"`
	Stores     int               `json:"stores"`
	Embedders  int               `json:"embedders"`
	Namespaces int               `json:"namespaces"`
	Models     []checkedModel    `json:"models"`
	Warnings   []catalog.Problem `json:"warnings,omitempty"`
	Findings   []catalog.Finding `json:"findings,omitempty"` // absent with --offline
}

type checkedModel struct {
	Name        string          `json:"name"`
	Embedder    string          `json:"embedder"`
	Dimensions  int             `json:"dimensions"`
	Metric      backends.Metric `json:"metric"`
	Fingerprint string          `json:"fingerprint"`
}

func (a *app) runCheck(ctx context.Context, o checkOptions) (err error) {
	c, err := a.loadCatalog()
	if err != nil {
		return err
	}
	w := catalog.NewWorld(c, catalog.Decorators{})
	defer closing(w, &err)
	result := checked{
		File: c.File, Stores: len(c.Stores), Embedders: len(c.Embedders), Namespaces: len(c.Namespaces), Warnings: c.Warnings,
	}
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		m := c.Models[name]
		result.Models = append(result.Models, checkedModel{name, m.Embedder, m.Dimensions, m.Metric, m.Fingerprint()})
	}
	if !o.offline {
		result.Findings = catalog.Check(ctx, w)
	}
	if err := a.print(result, func(p *layout.Page) { writeChecked(p, result) }); err != nil {
		return err
	}
	var errs []error
	for _, f := range result.Findings {
		if f.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.Key, f.Err))
		}
	}
	return errors.Join(errs...)
}

var levelStyles = map[catalog.Level]layout.Style{catalog.OK: layout.Good, catalog.Note: layout.Warn, catalog.Bad: layout.Bad}

func writeChecked(p *layout.Page, c checked) {
	p.Pair("catalog", c.File)
	p.Pair("stores", c.Stores)
	p.Pair("embedders", c.Embedders)
	p.Pair("namespaces", c.Namespaces)
	p.Blank()
	models := p.Table(layout.Column{Title: "MODEL"}, layout.Column{Title: "EMBEDDER", Rank: 3},
		layout.Column{Title: "DIMENSIONS", Rank: 1}, layout.Column{Title: "METRIC", Rank: 2}, layout.Column{Title: "FINGERPRINT"})
	for _, m := range c.Models {
		models.Row(m.Name, m.Embedder, m.Dimensions, m.Metric, m.Fingerprint)
	}
	if len(c.Findings) > 0 {
		p.Blank()
		findings := p.Table(layout.Column{Title: "ENTRY"}, layout.Column{Title: "STATE", Rank: 1}, layout.Column{Title: "FOUND", Rank: 2})
		for _, f := range c.Findings {
			text := f.Text
			if f.Level == catalog.Bad {
				text = "see below"
			}
			findings.Row(f.Key, layout.Styled{Value: f.Level, Style: levelStyles[f.Level]}, text)
		}
	}
	for _, warning := range c.Warnings {
		p.Line("warning: %s", warning)
	}
}
