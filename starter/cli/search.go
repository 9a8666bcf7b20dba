package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/starter/cli/layout"
)

// searchOptions are the flags of search.
type searchOptions struct {
	k     int
	exact bool
}

func (a *app) searchCommand() *cobra.Command {
	var o searchOptions
	cmd := &cobra.Command{
		Use: "search NAMESPACE QUERY", Short: "Search a namespace with its active model", GroupID: groupData,
		Long: `Search embeds the query with the active model and searches the active generation:
what an application does that reads the route.`,
		Example: `  reembed search docs "how do I read a file line by line"
  reembed search docs "tls handshake" -k 3 -o json`,
		Args: needs("NAMESPACE", "QUERY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runSearch(cmd.Context(), args[0], args[1], o)
		},
	}
	cmd.Flags().IntVarP(&o.k, "count", "k", 10, "how many hits")
	cmd.Flags().BoolVar(&o.exact, "exact", false, "compare with every vector, also where there is an approximate index")
	return cmd
}

// found is what `reembed search -o json` prints.
type found struct {
	Namespace  string `json:"namespace"`
	Generation int64  `json:"generation"`
	Model      string `json:"model"`
	Hits       []hit  `json:"hits"`
}

// hit is one answer. Text and payload are absent when the item is gone from the
// source since it was embedded.
type hit struct {
	backends.Hit
	Text    string          `json:"text,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"` // a string where the source's bytes are no JSON
}

func (a *app) runSearch(ctx context.Context, namespace, query string, o searchOptions) (err error) {
	if o.k < 1 {
		return usage("-k: %d is less than 1", o.k)
	}
	if query == "" {
		return usage("the query is empty")
	}
	w, err := a.existingWorld()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	act, err := openActive(ctx, w, namespace)
	if err != nil {
		return err
	}
	hits, err := act.search(ctx, query, o)
	if err != nil {
		return err
	}
	result := found{Namespace: namespace, Generation: act.route.Generation, Model: act.route.Model, Hits: hits}
	return a.print(result, func(p *layout.Page) {
		if len(hits) == 0 {
			p.Line("No hits.")
			return
		}
		t := p.Table(layout.Column{Title: "SCORE", Rank: 1}, layout.Column{Title: "ID"}, layout.Column{Title: "TEXT", Rank: 2})
		for _, h := range hits {
			t.Row(fmt.Sprintf("%.4f", h.Score), h.ID, layout.Cut(layout.OneLine(h.Text), excerpt))
		}
	})
}

// excerpt is how much of a hit's text is printed, in columns; JSON has all.
const excerpt = 80

func (a *active) search(ctx context.Context, query string, o searchOptions) ([]hit, error) {
	answer, err := a.embedder.Embed(ctx, backends.SearchQuery, []string{query})
	if err != nil {
		return nil, fmt.Errorf("embed the query with model %s: %w", a.model.Name, err)
	}
	if len(answer.Vectors) != 1 {
		return nil, fmt.Errorf("embed the query: %w: %d vectors for one text", backends.ErrInvalidVector, len(answer.Vectors))
	}
	if err := backends.CheckVector(answer.Vectors[0], a.model); err != nil {
		return nil, fmt.Errorf("embed the query: %w", err)
	}
	hits, err := a.generation.Search(ctx, backends.Query{Vector: answer.Vectors[0], K: o.k, Exact: o.exact})
	if err != nil {
		return nil, fmt.Errorf("search %s: %w", a.route.Locator, err)
	}
	return a.withItems(ctx, hits)
}

// withItems adds the items of the hits.
func (a *active) withItems(ctx context.Context, hits []backends.Hit) ([]hit, error) {
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	items, err := a.source.Lookup(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look the hits' items up: %w", err)
	}
	byID := make(map[string]backends.Item, len(items))
	for _, item := range items {
		byID[item.ID] = item
	}
	out := make([]hit, len(hits))
	for i, h := range hits {
		item := byID[h.ID]
		out[i] = hit{Hit: h, Text: item.Text, Payload: item.Payload}
		if len(item.Payload) > 0 && !json.Valid(item.Payload) {
			if out[i].Payload, err = json.Marshal(string(item.Payload)); err != nil {
				return nil, fmt.Errorf("encode payload: %w", err)
			}
		}
	}
	return out, nil
}
