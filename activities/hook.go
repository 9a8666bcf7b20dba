package activities

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reembed/reembed/activities/hooks"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

// caller runs hooks where the catalog is, with what commands may know of this
// worker's environment.
func (a *Activities) caller() hooks.Caller {
	c := a.World.Catalog()
	return hooks.Caller{Dir: filepath.Dir(c.File), Env: hooks.Environment(os.Environ(), c.Variables)}
}

func messageOf(kind hooks.Kind, job Job) hooks.Message {
	return hooks.Message{
		Hook: kind, Delivery: job.Run + "/" + string(kind), Job: job.ID,
		Namespace: job.Namespace, From: job.From, To: job.To.Name, Locator: job.Locator,
	}
}

// askVeto returns VETOED unless the namespace's veto hook allows the switch. One
// that can't be asked does not allow it either.
func (a *Activities) askVeto(ctx context.Context, o opened, now *route.Route) error {
	h := o.namespace.Hooks.Veto
	if h == nil {
		return nil
	}
	m := messageOf(hooks.Veto, o.job)
	m.Route = now
	err := a.caller().Call(ctx, *h, m)
	refused, said := errors.AsType[*hooks.Refused](err)
	switch {
	case err == nil:
		return nil
	case said:
		return because(errVetoed, "the veto hook says: %s", shown(*h, refused.Reason))
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return because(errVetoed, "the veto hook can't be asked: %s", shown(*h, err.Error()))
}

// PostHookRequest is what the post hook is told of.
type PostHookRequest struct {
	Job    Job    `json:"job"`
	Route  Route  `json:"route"`
	Former *Route `json:"former,omitempty"`
}

// PostHook tells the namespace's post hook that a job has switched. A hook that
// does not agree has failed: it is told again, with the same delivery.
func (a *Activities) PostHook(ctx context.Context, r PostHookRequest) error {
	_, stop := beat(ctx)
	defer stop()
	return failed(ctx, a.postHook(ctx, r))
}

func (a *Activities) postHook(ctx context.Context, r PostHookRequest) error {
	ns, err := a.World.Namespace(r.Job.Namespace)
	if err != nil {
		return because(errCatalogMismatch, "%w", err)
	}
	if ns.Hooks.Post == nil { // it was taken out of the catalog meanwhile
		return nil
	}
	m := messageOf(hooks.Post, r.Job)
	m.Route, m.Former = &r.Route, r.Former
	err = a.caller().Call(ctx, *ns.Hooks.Post, m)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: post hook: %s", backends.ErrUnavailable, shown(*ns.Hooks.Post, err.Error()))
}

// shown takes out of a hook's words what its headers hold.
func shown(h catalog.Hook, text string) string {
	const chance = 4 // shorter than this, a value is in any text by chance
	for name, value := range h.Headers {
		if len(value) >= chance {
			text = strings.ReplaceAll(text, value, "${"+name+"}")
		}
	}
	return text
}
