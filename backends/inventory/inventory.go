package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
	"github.com/reembed/reembed/backends/route"
)

// Role is whose a generation is.
type Role string

// The roles.
const (
	Active    Role = "active"
	Standby   Role = "standby"
	InWork    Role = "in work"
	Beginning Role = "beginning"
	Disputed  Role = "disputed"
	Nobodys   Role = "nobody's"
)

// Place is where a namespace is kept.
type Place struct {
	Namespace string
	Source    backends.Source // nil: changes are not looked at
	Index     backends.Index
	Registry  backends.Registry
	// Begins is the locator of the model that the namespace begins with.
	Begins string
	// Known are locators that models of the catalog have, or would have, here.
	Known []string
	// Elsewhere are the generations of other namespaces that share the registry, or
	// the table; nil: they are not known, and canaries not judged.
	Elsewhere []backends.GenerationSpec
}

// Claim is a living job's, on the generation that it makes.
type Claim struct {
	Job     string
	Locator string
}

// Living says which jobs live.
type Living struct {
	Claims []Claim
	// Over reports whether the holder of a lease is: as records.TakeLease asks.
	Over func(context.Context, records.Lease) (bool, error)
}

// Generation is one that exists.
type Generation struct {
	backends.GenerationInfo
	Role  Role   `json:"role"`
	Owner string `json:"owner,omitempty"` // workflow id of the job or soak
}

// Generations lists what exists, by locator.
func (p Place) Generations(ctx context.Context, l Living) ([]Generation, error) {
	owners, err := p.owners(ctx, l)
	if err != nil {
		return nil, err
	}
	specs, err := p.Index.Generations(ctx)
	if err != nil {
		return nil, fmt.Errorf("list generations: %w", err)
	}
	all := make([]Generation, 0, len(specs))
	for _, spec := range specs {
		info, err := p.describe(ctx, spec)
		if errors.Is(err, backends.ErrNotFound) { // dropped meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		o := owners.of(spec.Locator)
		all = append(all, Generation{GenerationInfo: info, Role: o.role, Owner: o.name})
	}
	return all, nil
}

// describe asks the store for all that it knows; one that can't be asked has its
// records counted.
func (p Place) describe(ctx context.Context, spec backends.GenerationSpec) (backends.GenerationInfo, error) {
	if d, ok := backends.As[backends.Describer](p.Index); ok {
		info, err := d.Describe(ctx, spec.Locator)
		if err != nil {
			return info, fmt.Errorf("describe generation %s: %w", spec.Locator, err)
		}
		return info, nil
	}
	info := backends.GenerationInfo{GenerationSpec: spec, Bytes: -1}
	g, err := p.Index.Open(ctx, spec.Locator)
	if err == nil {
		info.Records, err = g.Count(ctx)
	}
	if err != nil {
		return info, fmt.Errorf("look at generation %s: %w", spec.Locator, err)
	}
	return info, nil
}

// owner is whose a generation is.
type owner struct {
	role Role
	name string
}

// owners is whose the generations are, and whose changes are taken.
type owners struct {
	by     map[string]owner
	served map[string]bool
}

func (o owners) of(locator string) owner {
	if is, ok := o.by[locator]; ok {
		return is
	}
	return owner{role: Nobodys}
}

// claim makes a generation somebody's, unless it is already.
func (o owners) claim(locator string, role Role, name string) {
	if _, taken := o.by[locator]; !taken && locator != "" {
		o.by[locator] = owner{role, name}
	}
}

// work is claim by who takes the generation's changes as well.
func (o owners) work(locator, job string) {
	o.claim(locator, InWork, job)
	o.served[locator] = true
}

// owners reads whose the namespace's generations are, the dearest first.
func (p Place) owners(ctx context.Context, l Living) (owners, error) {
	o := owners{by: map[string]owner{}, served: map[string]bool{}}
	now, err := route.Get(ctx, p.Registry, p.Namespace)
	switch {
	case err == nil:
		o.claim(now.Locator, Active, "")
	case !errors.Is(err, backends.ErrNotFound):
		return o, err
	}
	routed := err == nil
	if err := p.soak(ctx, o); err != nil {
		return o, err
	}
	lease, err := records.GetLease(ctx, p.Registry, p.Namespace)
	if err == nil && lease.Hold == 0 {
		over, lerr := l.Over(ctx, lease)
		if lerr != nil {
			return o, fmt.Errorf("look at the lease's holder %s: %w", lease.Job, lerr)
		}
		if !over {
			o.work(lease.Locator, lease.Job)
		}
	}
	if err != nil && !errors.Is(err, backends.ErrNotFound) {
		return o, err
	}
	for _, c := range l.Claims {
		o.work(c.Locator, c.Job)
	}
	if !routed {
		o.claim(p.Begins, Beginning, "")
	}
	return o, p.disputed(ctx, o)
}

// disputed claims collections that hold one version of an item which nobody has
// decided about: it is nowhere else.
func (p Place) disputed(ctx context.Context, o owners) error {
	all, err := records.AllConflicts(ctx, p.Registry, p.Namespace)
	if err != nil {
		return err
	}
	for _, c := range all {
		o.claim(c.Active.Locator, Disputed, "")
		o.claim(c.Former.Locator, Disputed, "")
	}
	return nil
}
