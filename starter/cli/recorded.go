package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/workflows"
)

// printRecorded prints a job that Temporal does not know any more from the
// registries of the catalog. Without a catalog, or a record, it returns missing.
func (a *app) printRecorded(ctx context.Context, job string, missing error) (err error) {
	w, werr := a.existingWorld()
	if werr != nil {
		// That there is no such job is what was asked: it is the error, and the code.
		return fmt.Errorf("%w; nor can it be looked for in a registry: %s", missing, werr.Error())
	}
	defer closing(w, &err)
	s, err := recorded(ctx, w, job)
	if errors.Is(err, backends.ErrNotFound) {
		return fmt.Errorf("%w, nor in a registry of %s", missing, w.Catalog().File)
	}
	if err != nil {
		return err
	}
	return a.printStatus(s, "")
}

// recorded finds the final status of a job, or ErrNotFound.
func recorded(ctx context.Context, w *catalog.World, job string) (workflows.Status, error) {
	var s workflows.Status
	for _, namespace := range slices.Sorted(maps.Keys(w.Catalog().Namespaces)) {
		reg, err := w.Registry(ctx, namespace)
		if errors.Is(err, backends.ErrNotFound) { // no store yet
			continue
		}
		if err != nil {
			return s, err
		}
		j, err := records.GetJob(ctx, reg, job)
		if errors.Is(err, backends.ErrNotFound) {
			continue
		}
		if err != nil {
			return s, err
		}
		if err := json.Unmarshal(j.Status, &s); err != nil {
			return s, fmt.Errorf("record of job %s in the registry of namespace %s: %w", job, namespace, err)
		}
		return s, nil
	}
	return s, fmt.Errorf("job %s: %w", job, backends.ErrNotFound)
}
