package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
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
and key. Then it opens what each namespace names: its source, index and registry
are asked for a sign of life, its route for a model that the catalog still has.`,
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
	File       string             `json:"file"`
	Stores     int                `json:"stores"`
	Embedders  int                `json:"embedders"`
	Models     []checkedModel     `json:"models"`
	Namespaces []checkedNamespace `json:"namespaces"`
	Warnings   []catalog.Problem  `json:"warnings,omitempty"`
}

type checkedModel struct {
	Name        string          `json:"name"`
	Embedder    string          `json:"embedder"`
	Dimensions  int             `json:"dimensions"`
	Metric      backends.Metric `json:"metric"`
	Fingerprint string          `json:"fingerprint"`
}

// checkedNamespace says what a namespace answered; Error is "" when all is well.
type checkedNamespace struct {
	Name           string `json:"name"`
	Store          string `json:"store"`
	Model          string `json:"model"`           // that it begins with
	Active         string `json:"active"`          // that is active now; "" before the first switch
	Empty          bool   `json:"empty,omitempty"` // nothing was imported yet: there is no table
	ForeignWriters string `json:"foreign_writers,omitempty"`
	Error          string `json:"error,omitempty"`
	err            error
}

func (a *app) runCheck(ctx context.Context, o checkOptions) (err error) {
	c, err := a.loadCatalog()
	if err != nil {
		return err
	}
	w := catalog.NewWorld(c, catalog.Decorators{})
	defer closing(w, &err)
	result := checked{File: c.File, Stores: len(c.Stores), Embedders: len(c.Embedders), Warnings: c.Warnings}
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		m := c.Models[name]
		result.Models = append(result.Models, checkedModel{name, m.Embedder, m.Dimensions, m.Metric, m.Fingerprint()})
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Namespaces)) {
		ns := c.Namespaces[name]
		n := checkedNamespace{Name: name, Store: ns.Store, Model: ns.Model}
		if !o.offline {
			n.ask(ctx, w)
		}
		errs = append(errs, n.err)
		result.Namespaces = append(result.Namespaces, n)
	}
	if err := a.print(result, func(w io.Writer) { writeChecked(w, result) }); err != nil {
		return err
	}
	return errors.Join(errs...)
}

// ask opens what the namespace names and asks it for a sign of life.
func (n *checkedNamespace) ask(ctx context.Context, w *catalog.World) {
	if n.err = n.signs(ctx, w); n.err != nil {
		n.Error = n.err.Error()
	}
}

func (n *checkedNamespace) signs(ctx context.Context, w *catalog.World) error {
	source, err := w.Source(ctx, n.Name)
	if err != nil {
		return err
	}
	index, err := w.Index(ctx, n.Name)
	if err != nil {
		return err
	}
	n.ForeignWriters = index.Traits().ForeignWriters
	reg, err := w.Registry(ctx, n.Name)
	if err != nil {
		return err
	}
	err = source.Ping(ctx)
	if _, takes := backends.As[backends.ItemWriter](source); takes && errors.Is(err, backends.ErrNotFound) {
		n.Empty, err = true, nil
	}
	if err != nil {
		return fmt.Errorf("source of namespace %s: %w", n.Name, err)
	}
	if err := index.Ping(ctx); err != nil {
		return fmt.Errorf("index of namespace %s: %w", n.Name, err)
	}
	if err := reg.Ping(ctx); err != nil {
		return fmt.Errorf("registry of namespace %s: %w", n.Name, err)
	}
	r, err := route.Get(ctx, reg, n.Name)
	if errors.Is(err, backends.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	n.Active = r.Model
	_, err = openRoute(ctx, w, r)
	return err
}

func writeChecked(w io.Writer, c checked) {
	row(w, "catalog", c.File)
	row(w, "stores", c.Stores)
	row(w, "embedders", c.Embedders)
	io.WriteString(w, "\n")
	row(w, "MODEL", "EMBEDDER", "DIMENSIONS", "METRIC", "FINGERPRINT")
	for _, m := range c.Models {
		row(w, m.Name, m.Embedder, strconv.Itoa(m.Dimensions), m.Metric, m.Fingerprint)
	}
	io.WriteString(w, "\n")
	row(w, "NAMESPACE", "STORE", "BEGINS WITH", "ACTIVE", "")
	for _, n := range c.Namespaces {
		state := "ok"
		switch {
		case n.err != nil:
			state = "failed, see below"
		case n.Empty:
			state = "empty: the first import makes its table"
		}
		row(w, n.Name, n.Store, n.Model, n.Active, state)
	}
	for _, p := range c.Warnings {
		row(w, "warning: "+p.String())
	}
}
