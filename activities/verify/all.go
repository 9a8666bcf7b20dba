package verify

import (
	"context"

	"github.com/reembed/reembed/backends"
)

// All verifies a whole generation, both ways: every item and every record is
// read. It ends early only with an error; Options' bounds and Stop do not apply.
func All(ctx context.Context, p Pair, o Options) (Report, error) {
	o.MaxItems, o.Budget, o.Stop = 0, 0, nil
	seen := o.Seen
	forward, err := Forward(ctx, p, backends.Range{}, "", o)
	report := forward.Report
	if err != nil {
		return report, err
	}
	if seen != nil {
		o.Seen = func(c backends.Cursor, r Report) {
			both := Report{}
			both.Merge(forward.Report)
			both.Merge(r)
			seen(c, both)
		}
	}
	backward, err := Backward(ctx, p, backends.Range{}, "", o)
	report.Merge(backward.Report)
	return report, err
}
