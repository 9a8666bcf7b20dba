package route

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// Kind is the Registry's kind of routes; their key is the namespace.
const Kind = "route"

// Route says where a namespace is searched and with which model: the one record
// that points. Its JSON form is a public contract: applications in any language
// may read it from the registry.
type Route struct {
	Namespace   string          `json:"namespace"`
	Generation  int64           `json:"generation"` // 1 for the first, one more with each switch
	Locator     string          `json:"locator"`
	Model       string          `json:"model"` // the catalog's name
	Fingerprint string          `json:"fingerprint"`
	Dimensions  int             `json:"dimensions"`
	Metric      backends.Metric `json:"metric"`
	// Version of the record in the registry: what the next swap expects. Not
	// part of the stored value.
	Version int64 `json:"version,omitempty"`
}

// Get returns the namespace's route, or ErrNotFound when nothing was ever
// switched to; ErrDamaged when the record is not one that Swap wrote.
func Get(ctx context.Context, reg backends.Registry, namespace string) (Route, error) {
	e, err := reg.Get(ctx, Kind, namespace)
	if err != nil {
		return Route{}, fmt.Errorf("route of namespace %q: %w", namespace, err)
	}
	return decode(e)
}

// Swap points the namespace at next if its route has still the version (0: if
// there is none), and returns what is stored. ErrConflict when it has not. An
// unclear outcome (ErrUnavailable) is settled by reading the record: a route
// that is already what was asked for counts as swapped.
func Swap(ctx context.Context, reg backends.Registry, version int64, next Route) (Route, error) {
	value := next
	value.Version = 0
	raw, err := json.Marshal(value)
	if err != nil {
		return Route{}, fmt.Errorf("encode route: %w", err)
	}
	v, err := reg.Put(ctx, Kind, next.Namespace, version, raw)
	if err == nil {
		next.Version = v
		return next, nil
	}
	now, gerr := Get(ctx, reg, next.Namespace)
	if gerr == nil && now.Version > version && now.Same(next) {
		return now, nil
	}
	return Route{}, fmt.Errorf("switch namespace %q to %s: %w", next.Namespace, next.Locator, err)
}

// Same reports whether two routes point at the same place in the same turn,
// whatever their versions.
func (r Route) Same(o Route) bool {
	r.Version, o.Version = 0, 0
	return r == o
}

func decode(e backends.Entry) (Route, error) {
	var r Route
	if err := json.Unmarshal(e.Value, &r); err != nil {
		return Route{}, fmt.Errorf("route of namespace %q, version %d: %w: %w", e.Key, e.Version, backends.ErrDamaged, err)
	}
	if r.Namespace != e.Key || r.Locator == "" || r.Model == "" || r.Fingerprint == "" || r.Dimensions < 1 {
		return Route{}, fmt.Errorf("route of namespace %q, version %d: not a route: %w", e.Key, e.Version, backends.ErrDamaged)
	}
	r.Version = e.Version
	return r, nil
}
