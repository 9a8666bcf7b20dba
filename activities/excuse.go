package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// excusing returns what tells which findings count in a collection that
// applications write as well: what they changed there is theirs, and stays, be it
// a straggler that the next pass carries or one side of a conflict. What counts is
// what a merge has missed: a record that nobody touched since both sides agreed,
// and that does not say what the source says; a vector that fits nothing.
func excusing(ctx context.Context, o opened, target backends.Generation, refused map[string]string) (func(context.Context, []verify.Finding) ([]verify.Finding, error), error) {
	collection, err := o.collection(ctx)
	if err != nil {
		return nil, err
	}
	there, ok := backends.As[backends.Collection](target)
	from, fromOK := backends.As[backends.Collection](collection)
	if !ok || !fromOK {
		return nil, fmt.Errorf("%w: a merge of namespace %q, which is not self-contained", backends.ErrInvalidInput, o.job.Namespace)
	}
	return func(ctx context.Context, found []verify.Finding) ([]verify.Finding, error) {
		ids := make([]string, len(found))
		for i, f := range found {
			ids[i] = f.ID
		}
		target, err := there.Held(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("look at findings: %w", err)
		}
		source, err := from.Held(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("look at findings: %w", err)
		}
		return slices.DeleteFunc(slices.Clone(found), func(f verify.Finding) bool {
			if f.Kind == verify.Vector {
				return false
			}
			if content, set := refused[f.ID]; set && content == f.Want && f.Want != "" {
				return true // its text is refused, and the record is all that there is
			}
			t, has := target[f.ID]
			if has {
				return !t.Untouched(o.job.Source)
			}
			return source[f.ID].Untouched(o.job.Locator) // deleted there
		}), nil
	}, nil
}
