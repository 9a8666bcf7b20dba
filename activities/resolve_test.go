package activities_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/faulty"
)

func resolve(h *house, request string) (activities.Job, error) {
	return run[activities.Job](h, nil, h.acts.Resolve, json.RawMessage(request))
}

func TestResolveFillsInTheWorkersSettings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(1)
	got, err := resolve(h, `{"namespace":"docs","to":"newer"}`)
	require.NoError(t, err)
	require.NotEmpty(t, got.ID)
	require.NotEmpty(t, got.Run)
	got.ID, got.Run = "", ""
	require.Equal(t, activities.Job{
		Namespace: "docs", To: newer, Fingerprint: newer.Fingerprint(), Locator: h.index().Locator(newer),
		Priority: activities.Medium, BatchSize: 10, Timeout: time.Hour, MaxFailedItems: 100,
		MaxVerifyAge: time.Hour, Window: 8, ContinueAfter: got.ContinueAfter,
	}, got)
	require.Positive(t, got.ContinueAfter)
}

func TestResolveTakesWhenToSwitch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(1)
	got, err := resolve(h, `{"namespace":"docs","to":"newer","cutover":"manual","cutover_window":"23:30-04:00 Europe/Berlin","max_verify_age_seconds":90}`)
	require.NoError(t, err)
	require.Equal(t, activities.CutoverManual, got.Cutover)
	require.Equal(t, "23:30-04:00 Europe/Berlin", got.CutoverWindow)
	require.Equal(t, 90*time.Second, got.MaxVerifyAge)
	require.False(t, got.Publish)
	require.False(t, got.PostHook)
	for request, says := range map[string]string{
		`"cutover":"by hand"`:                    `request field "cutover": "by hand" is neither auto nor manual`,
		`"cutover_window":"at night"`:            `request field "cutover_window": "at night" is no window`,
		`"cutover_window":"02:00-04:00 Nowhere"`: `request field "cutover_window"`,
		`"max_verify_age_seconds":0`:             `request field "max_verify_age_seconds": 0 is not between 1 and`,
		`"max_verify_age_seconds":99999999999`:   `request field "max_verify_age_seconds"`,
		`"hooks":{"veto":{"command":["rm"]}}`:    `unknown field "hooks"`,
	} {
		_, err := resolve(h, `{"namespace":"docs","to":"newer",`+request+`}`)
		requireCode(t, err, activities.CodeInvalidRequest)
		require.ErrorContains(t, err, says)
	}

	ns := h.catalog.Namespaces["docs"]
	ns.Publish, ns.Hooks.Post = "docs_active", &catalog.Hook{URL: "http://127.0.0.1:1"}
	h.catalog.Namespaces["docs"] = ns
	got, err = resolve(h, `{"namespace":"docs","to":"newer"}`)
	require.NoError(t, err)
	require.True(t, got.Publish)
	require.True(t, got.PostHook)
}

func TestResolveTakesWhatTheRequestSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(1)
	active := h.switchedTo(older)
	got, err := resolve(h, `{"namespace":"docs","to":"newer","from":"older","priority":"high","batch_size":7,
		"timeout_seconds":0,"dry_run":true,"max_failed_items":0,"waive":["a"]}`)
	require.NoError(t, err)
	require.Equal(t, "older", got.From)
	require.Equal(t, active.Version, got.RouteVersion)
	require.Equal(t, activities.High, got.Priority)
	require.Equal(t, 7, got.BatchSize)
	require.Zero(t, got.Timeout)
	require.True(t, got.DryRun)
	require.Zero(t, got.MaxFailedItems)
	require.Equal(t, []string{"a"}, got.Waive)

	got, err = resolve(h, `{"namespace":"docs","to":"older"}`)
	require.NoError(t, err, "a job to the active model re-embeds what changed")
	require.Equal(t, active.Locator, got.Locator)

	h = newHouse(t)
	got, err = resolve(h, `{"namespace":"docs","to":"newer","from":"older","timeout_seconds":60}`)
	require.NoError(t, err, "before the first switch the namespace's own model is active")
	require.Empty(t, got.From)
	require.Zero(t, got.RouteVersion)
	require.Equal(t, time.Minute, got.Timeout)
}

func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, request, want string }{
		{"an unknown field", `{"namespace":"docs","to":"newer","batchsize":3}`, `unknown field "batchsize"`},
		{"a field of a newer starter", `{"namespace":"docs","to":"newer","soak_days":3}`, `was the job started by a newer reembed than this worker is?`},
		{"a field in other letters", `{"namespace":"docs","To":"newer"}`, `unknown field "To"; there are namespace, to, from`},
		{"a field in other letters beside the right one", `{"namespace":"docs","to":"newer","TO":"older"}`, `unknown field "TO"`},
		{"a field twice", `{"namespace":"docs","to":"newer","to":"older"}`, `request field "to": stands there twice`},
		{"a wrong type", `{"namespace":"docs","to":"newer","batch_size":"3"}`, "batch_size"},
		{"no object", `"docs"`, "request"},
		{"no namespace", `{"to":"newer"}`, `"namespace"`},
		{"no target", `{"namespace":"docs"}`, `"to"`},
		{"an unknown namespace", `{"namespace":"dogs","to":"newer"}`, `field "namespace": not found: namespace "dogs" is not in reembed.yaml; it has docs`},
		{"an unknown target", `{"namespace":"docs","to":"newest"}`, `field "to": not found: model "newest" is not in reembed.yaml; it has newer, older`},
		{"an unknown source model", `{"namespace":"docs","to":"newer","from":"oldest"}`, `field "from": not found`},
		{"another source model", `{"namespace":"docs","to":"newer","from":"newer"}`, `the active model of namespace "docs" is "older"`},
		{"a priority", `{"namespace":"docs","to":"newer","priority":"urgent"}`, `"priority"`},
		{"a batch size", `{"namespace":"docs","to":"newer","batch_size":-1}`, `"batch_size"`},
		{"a timeout", `{"namespace":"docs","to":"newer","timeout_seconds":-1}`, `"timeout_seconds"`},
		{"too many waived items", `{"namespace":"docs","to":"newer","waive":["a"` + strings.Repeat(`,"a"`, 1000) + `]}`, `"waive": 1001 ids`},
		// A job of 1,000 ids of 1 KiB could not have continued as new.
		{"waived items of too long ids", `{"namespace":"docs","to":"newer","waive":["` + strings.Repeat("a", 262_145) + `"]}`, `"waive": ids of 262145 bytes`},
		{"failed items", `{"namespace":"docs","to":"newer","max_failed_items":-1}`, `"max_failed_items"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(1)
			h.switchedTo(older)
			_, err := resolve(h, tt.request)
			requireCode(t, err, activities.CodeInvalidRequest)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestResolveWithoutARegistry(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.faults.Add(faulty.Fault{Role: "registry", Err: backends.ErrUnavailable})
	_, err := resolve(h, `{"namespace":"docs","to":"newer"}`)
	requireCode(t, err, activities.CodeUnavailable)
}

func TestDecodeRequestTakesOneValue(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{"namespace":"docs","to":"newer"} {}`, `{"namespace":"docs","to":"newer"}]`, ``, `{`} {
		_, err := activities.DecodeRequest([]byte(raw))
		require.ErrorIs(t, err, backends.ErrInvalidInput, raw)
	}
}

// Whatever comes in is either refused as the request's fault, or says the same
// when it is written and read again.
func FuzzDecodeRequest(f *testing.F) {
	f.Add(`{"namespace":"docs","to":"newer","priority":"high","batch_size":7,"timeout_seconds":0,"waive":["a"]}`)
	f.Add(`{"namespace":"docs","to":1}`)
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := activities.DecodeRequest([]byte(raw))
		if err != nil {
			require.ErrorIs(t, err, backends.ErrInvalidInput)
			return
		}
		written, err := json.Marshal(r)
		require.NoError(t, err)
		again, err := activities.DecodeRequest(written)
		require.NoError(t, err)
		rewritten, err := json.Marshal(again)
		require.NoError(t, err)
		require.JSONEq(t, string(written), string(rewritten))
	})
}
