package demo

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/starter/environ"
)

// losses are the texts that the new model's embedder had been sent when the
// worker died, and that its generation did not hold: the work that the kill
// destroyed.
type losses struct {
	before  int                 // lines of the tally before the copy began: the plan's sample
	at      int                 // lines of the tally when the worker was dead
	written int                 // records that the generation had then
	content map[string]struct{} // hashes of the texts
}

// count looks at the tally and the generation after a kill.
func (l *losses) count(ctx context.Context, h home, env environ.List) error {
	sent, err := hashing.ReadTally(h.tally)
	if err != nil {
		return err
	}
	there, err := stamped(ctx, h, env)
	if err != nil {
		return fmt.Errorf("read the generation after the kill: %w", err)
	}
	l.at, l.written, l.content = len(sent), there.records, map[string]struct{}{}
	for _, s := range sent[min(l.before, len(sent)):] {
		_, written := there.content[s.Content]
		if s.Purpose == backends.Document && !written {
			l.content[s.Content] = struct{}{}
		}
	}
	return nil
}

// again is how many of the lost texts were sent a second time.
func (l *losses) again(h home) (int, error) {
	sent, err := hashing.ReadTally(h.tally)
	if err != nil {
		return 0, err
	}
	twice := map[string]struct{}{}
	for _, s := range sent[min(l.at, len(sent)):] {
		if _, lost := l.content[s.Content]; lost {
			twice[s.Content] = struct{}{}
		}
	}
	return len(twice), nil
}

type contents struct {
	records int
	content map[string]struct{} // hashes of the texts that the records were made from
}

// stamped reads all stamps of the new model's generation.
func stamped(ctx context.Context, h home, env environ.List) (contents, error) {
	world, err := h.open(env)
	if err != nil {
		return contents{}, err
	}
	defer world.Close()
	index, err := world.Index(ctx, namespace)
	if err != nil {
		return contents{}, err
	}
	model, err := world.Model(newModel)
	if err != nil {
		return contents{}, err
	}
	generation, err := index.Open(ctx, index.Locator(model))
	if err != nil {
		return contents{}, err
	}
	found := contents{content: map[string]struct{}{}}
	var page backends.Page[backends.Stamped]
	for !page.Done {
		page, err = generation.ReadStamps(ctx, backends.Range{}, page.Next, backends.PageLimit{Items: 1000})
		if err != nil {
			return contents{}, err
		}
		for _, s := range page.Items {
			found.content[s.Stamp.Content] = struct{}{}
		}
		found.records += len(page.Items)
	}
	return found, nil
}

func sentSoFar(h home) (int, error) {
	sent, err := hashing.ReadTally(h.tally)
	return len(sent), err
}

func quoted(arg string) string {
	if strings.ContainsAny(arg, " ?'") {
		return fmt.Sprintf("%q", arg)
	}
	if wd, err := os.Getwd(); err == nil { // paths are easier to read from here
		arg = strings.TrimPrefix(arg, wd+string(os.PathSeparator))
	}
	return arg
}
