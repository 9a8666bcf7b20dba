package route_test

import (
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/route"
)

func TestSwapExpectsTheVersionItRead(t *testing.T) {
	t.Parallel()
	reg := newRegistry(t)
	_, err := route.Get(t.Context(), reg, "docs")
	require.ErrorIs(t, err, backends.ErrNotFound)

	first, err := route.Swap(t.Context(), reg, 0, pointing(1))
	require.NoError(t, err)
	got, err := route.Get(t.Context(), reg, "docs")
	require.NoError(t, err)
	require.Equal(t, first, got)

	_, err = route.Swap(t.Context(), reg, 0, pointing(2))
	require.ErrorIs(t, err, backends.ErrConflict, "there is one already")
	second, err := route.Swap(t.Context(), reg, first.Version, pointing(2))
	require.NoError(t, err)
	require.Greater(t, second.Version, first.Version)
	_, err = route.Swap(t.Context(), reg, first.Version, pointing(3))
	require.ErrorIs(t, err, backends.ErrConflict, "somebody was faster")
	got, err = route.Get(t.Context(), reg, "docs")
	require.NoError(t, err)
	require.Equal(t, second, got, "a lost swap changes nothing")
}

func TestOneOfManySwapsWins(t *testing.T) {
	t.Parallel()
	reg := newRegistry(t)
	first := reg.swap(t)
	errs := make([]error, 10)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { _, errs[i] = route.Swap(t.Context(), reg, first.Version, pointing(int64(i+2))) })
	}
	group.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, backends.ErrConflict)
	}
	require.Equal(t, 1, won)
}

// The answer of a swap may be lost before or after its effect: only the record
// tells which.
func TestSwapWithAnUnclearOutcome(t *testing.T) {
	t.Parallel()
	errLost := errors.New("connection lost")
	for name, c := range map[string]struct {
		faults  []faulty.Fault
		swapped bool
	}{
		"written, answer lost": {[]faulty.Fault{{Operation: "Put", Nth: 1, When: faulty.After, Err: errLost}}, true},
		"not written":          {[]faulty.Fault{{Operation: "Put", Nth: 1, When: faulty.Before, Err: errLost}}, false},
		"written, and the record can't be read": {[]faulty.Fault{
			{Operation: "Put", Nth: 1, When: faulty.After, Err: errLost},
			{Operation: "Get", Nth: 1, When: faulty.Before, Err: backends.ErrUnavailable},
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reg := newRegistry(t)
			first := reg.swap(t)
			got, err := route.Swap(t.Context(), faulty.New(c.faults...).Registry(reg), first.Version, pointing(2))
			if !c.swapped {
				require.ErrorIs(t, err, errLost)
				return
			}
			require.NoError(t, err)
			stored, err := route.Get(t.Context(), reg, "docs")
			require.NoError(t, err)
			require.Equal(t, stored, got, "with the version that is stored")
		})
	}
}

// What is there already from before is no proof that this swap was written.
func TestSwapToWhereTheRoutePointsAlreadyIsNoSwap(t *testing.T) {
	t.Parallel()
	reg := newRegistry(t)
	first := reg.swap(t)
	lost := faulty.New(faulty.Fault{Operation: "Put", Nth: 1, When: faulty.Before, Err: backends.ErrUnavailable})
	_, err := route.Swap(t.Context(), lost.Registry(reg), first.Version, pointing(1))
	require.ErrorIs(t, err, backends.ErrUnavailable)
}

// The stored form is a public contract: applications in other languages read it.
func TestStoredForm(t *testing.T) {
	t.Parallel()
	reg := newRegistry(t)
	reg.swap(t)
	e, err := reg.Get(t.Context(), "route", "docs")
	require.NoError(t, err)
	require.JSONEq(t, `{"namespace":"docs","generation":1,"locator":"place-b","model":"model-b",
		"fingerprint":"print-b","dimensions":8,"metric":"cosine"}`, string(e.Value))
}

// A record that somebody else wrote is no route that another job moved: trying
// again changes nothing, and a person has to mend it.
func TestRecordThatIsNoRouteIsDamaged(t *testing.T) {
	t.Parallel()
	for _, stored := range []string{
		`[]`, `{}`,
		`{"namespace":"other","generation":1,"locator":"place-b","model":"model-b","fingerprint":"print-b","dimensions":8,"metric":"cosine"}`,
	} {
		reg := newRegistry(t)
		reg.swap(t)
		e, err := reg.Get(t.Context(), "route", "docs")
		require.NoError(t, err)
		_, err = reg.Put(t.Context(), "route", "docs", e.Version, []byte(stored))
		require.NoError(t, err)
		_, err = route.Get(t.Context(), reg, "docs")
		require.ErrorIs(t, err, backends.ErrDamaged, stored)
		require.ErrorContains(t, err, `route of namespace "docs", version`)
	}
}

// Applications import this package: it must bring nothing along.
func TestImportsOnlyTheStandardLibraryAndBackends(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	require.NoError(t, err)
	require.ElementsMatch(t, []string{
		"github.com/reembed/reembed/backends", "github.com/reembed/reembed/backends/route",
	}, strings.Fields(string(out)))
}

// A record that somebody else wrote, or half of one, is never a place to search.
func TestForeignRecordIsNoRoute(t *testing.T) {
	t.Parallel()
	for name, stored := range map[string]string{
		"no JSON":        `{"locator"`,
		"empty":          `{}`,
		"null":           `null`,
		"no locator":     `{"namespace":"docs","generation":1,"model":"m","fingerprint":"f","dimensions":2,"metric":"cosine"}`,
		"no model":       `{"namespace":"docs","generation":1,"locator":"l","fingerprint":"f","dimensions":2,"metric":"cosine"}`,
		"no fingerprint": `{"namespace":"docs","generation":1,"locator":"l","model":"m","dimensions":2,"metric":"cosine"}`,
		"no dimensions":  `{"namespace":"docs","generation":1,"locator":"l","model":"m","fingerprint":"f","metric":"cosine"}`,
		"another's":      `{"namespace":"other","generation":1,"locator":"l","model":"m","fingerprint":"f","dimensions":2,"metric":"cosine"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reg := newRegistry(t)
			_, err := reg.Put(t.Context(), route.Kind, "docs", 0, []byte(stored))
			require.NoError(t, err)
			_, err = route.Get(t.Context(), reg, "docs")
			require.ErrorContains(t, err, `route of namespace "docs", version `)
			require.NotErrorIs(t, err, backends.ErrNotFound)
		})
	}
}
