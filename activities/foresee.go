package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/reembed/reembed/backends/catalog"
)

// Foresee plans a request here and now, as the first activities of its job
// would: without a job, without Temporal, and without writing anything. What
// Resolve would refuse is an ErrInvalidInput; other errors are those of the roles.
func Foresee(ctx context.Context, w *catalog.World, s Settings, r Request) (Plan, error) {
	r.DryRun = true // also during a soak, which would refuse a job
	raw, err := json.Marshal(r)
	if err != nil {
		return Plan{}, fmt.Errorf("encode request: %w", err)
	}
	a := &Activities{World: w, Settings: s}
	job, err := a.resolve(ctx, raw)
	if err != nil {
		return Plan{}, err
	}
	return a.plan(ctx, job)
}
