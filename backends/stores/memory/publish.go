package memory

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

var _ backends.Publisher = (*Index)(nil)

// published is what a name shows, and whose name it is.
type published struct{ namespace, locator string }

// PublishedAs is the index with a name for its active generation.
func (x *Index) PublishedAs(name string) *Index {
	named := *x
	named.published = name
	return &named
}

// Publish points the name at a generation. ErrConflict where the name is that of
// a table or of another namespace; ErrUnsupported without one.
func (x *Index) Publish(ctx context.Context, locator string) error {
	if err := x.named(ctx); err != nil {
		return err
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	if g, ok := x.store.generations[locator]; !ok || g.namespace != x.namespace {
		return fmt.Errorf("publish as %q: %w: generation %q of namespace %q", x.published, backends.ErrNotFound, locator, x.namespace)
	}
	_, table := x.store.tables[x.published]
	if have, taken := x.store.published[x.published]; table || taken && have.namespace != x.namespace {
		return fmt.Errorf("publish as %q: %w: the name is taken", x.published, backends.ErrConflict)
	}
	x.store.published[x.published] = published{x.namespace, locator}
	return nil
}

// Published is what the name points at.
func (x *Index) Published(ctx context.Context) (string, error) {
	if err := x.named(ctx); err != nil {
		return "", err
	}
	x.store.mu.RLock()
	defer x.store.mu.RUnlock()
	have, ok := x.store.published[x.published]
	if !ok || have.namespace != x.namespace {
		return "", fmt.Errorf("published as %q: %w", x.published, backends.ErrNotFound)
	}
	return have.locator, nil
}

func (x *Index) named(ctx context.Context) error {
	if x.published == "" {
		return fmt.Errorf("%w: namespace %q has no name to publish under", backends.ErrUnsupported, x.namespace)
	}
	return ctx.Err()
}
