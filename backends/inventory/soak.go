package inventory

import (
	"context"
	"errors"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// soak claims the two generations of the namespace's soak. That it lives is not
// asked: whoever ends one takes its record away, and a former generation is not
// given up because a workflow was terminated.
func (p Place) soak(ctx context.Context, o owners) error {
	s, err := records.GetSoak(ctx, p.Registry, p.Namespace)
	if errors.Is(err, backends.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	o.claim(s.Standby.Locator, Standby, s.Workflow)
	o.claim(s.Active.Locator, InWork, s.Job) // armed: the route does not point at it yet
	o.served[s.Standby.Locator], o.served[s.Active.Locator] = true, true
	return nil
}
