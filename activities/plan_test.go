package activities_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/route"
)

func (h *house) plan(job activities.Job) (activities.Plan, error) {
	h.t.Helper()
	return run[activities.Plan](h, nil, h.acts.Plan, job)
}

// dryRun is a job as a dry run has it: without a lease.
func (h *house) dryRun() activities.Job {
	h.t.Helper()
	job := activities.Job{
		Namespace: "docs", To: newer, Fingerprint: newer.Fingerprint(), Locator: h.index().Locator(newer),
		BatchSize: 10, Window: 4, DryRun: true,
	}
	if r, err := route.Get(h.t.Context(), h.registry(), "docs"); err == nil {
		job.From, job.RouteVersion = r.Model, r.Version
	}
	return job
}

func TestPlan(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(1000)
	h.switchedTo(older)
	got, err := h.plan(h.dryRun())
	require.NoError(t, err)
	require.Equal(t, "docs", got.Namespace)
	require.Equal(t, "older", got.From)
	require.Equal(t, "newer", got.To)
	require.Equal(t, newer.Fingerprint(), got.Fingerprint)
	require.EqualValues(t, 1000, got.Items)
	require.True(t, got.ItemsExact)
	require.Zero(t, got.AlreadyThere)
	require.InDelta(t, 200, got.Sampled, 2)
	require.Positive(t, got.EstimatedTokens)
	require.InDelta(t, float64(got.EstimatedTokens)/1e6*10, got.EstimatedCost, 1e-9)
	require.GreaterOrEqual(t, got.EstimatedBytes, int64(1000*96*4))
	require.Empty(t, got.Blockers)
	require.Empty(t, got.Warnings)
	require.Contains(t, strings.Join(got.Notes, "\n"), "golden")
}

func TestPlanWritesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(50)
	h.switchedTo(older)
	_, err := h.plan(h.dryRun())
	require.NoError(t, err)
	for _, c := range h.faults.Calls() {
		require.NotContains(t, []string{"Create", "Upsert", "Delete", "SetPayload", "Put", "Finish", "Drop", "PutItems"}, c.Operation)
	}
	there, err := h.index().Generations(t.Context())
	require.NoError(t, err)
	require.Len(t, there, 1)
}

func TestPlanOfWhatIsThereAlready(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(150) // all are sampled
	job := h.prepared()
	_, err := h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	got, err := h.plan(job)
	require.NoError(t, err)
	require.EqualValues(t, 150, got.AlreadyThere)
	require.Zero(t, got.ToEmbed)
	require.Equal(t, &activities.Stamps{Records: 150, Looked: 150}, got.Target)
	require.Zero(t, got.EstimatedTokens)
	require.Zero(t, got.EstimatedBytes)

	for i := range 75 {
		h.put(backends.Item{ID: fmt.Sprintf("id-%04d", i), Text: fmt.Sprintf("the changed %d of the corpus", i)})
	}
	half, err := h.plan(job)
	require.NoError(t, err)
	require.InDelta(t, 75*(96*4+200), half.EstimatedBytes, 1000)
	require.InDelta(t, 75, half.ToEmbed, 2)
}

func TestPlanOfAnEmptyNamespace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(1)
	require.NoError(t, h.store.Source("docs").DeleteItems(t.Context(), []string{"id-0000"}))
	got, err := h.plan(h.dryRun())
	require.NoError(t, err)
	require.Empty(t, got.Blockers)
	require.Contains(t, got.Notes, "the namespace is empty")
	require.Contains(t, strings.Join(got.Notes, "\n"), "no route yet")
}

func TestPlanBlockersAndWarnings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		given   func(h *house, job *activities.Job)
		blocker string
		warning string
	}{
		{"over the timeout", func(h *house, job *activities.Job) {
			h.faults.Add(faulty.Fault{Operation: "Embed", Delay: 30 * time.Millisecond})
			job.Timeout = 20 * time.Millisecond
		}, "is over the timeout of 20ms", ""},
		{"changed canaries", func(h *house, _ *activities.Job) { h.spoilCanaries(newer) }, "canary texts", ""},
		{"a generation of another fingerprint", func(h *house, job *activities.Job) {
			spec := backends.SpecOf(newer, job.Locator)
			spec.Fingerprint = "another"
			_, err := h.index().Create(h.t.Context(), spec)
			require.NoError(h.t, err)
		}, "holds vectors of fingerprint another", ""},
		{"an active model that made none of the active vectors", func(h *house, _ *activities.Job) {
			h.catalog.Embedders["liar"] = catalog.EmbedderSpec{Open: func(m backends.Model) (backends.Embedder, error) {
				e, err := hashing.New(m, hashing.Config{})
				return reversed{e}, err
			}}
			h.catalog.Models["older"] = catalog.ModelSpec{Model: older, Embedder: "liar"}
		}, "claim a wrong model", ""},
		{"an active model that is gone from the catalog", func(h *house, _ *activities.Job) { delete(h.catalog.Models, "older") }, "", "not in the catalog"},
		{"an active model that is another now", func(h *house, _ *activities.Job) {
			m := older
			m.Revision = "2"
			h.catalog.Models["older"] = catalog.ModelSpec{Model: m, Embedder: "builtin"}
		}, "", "another fingerprint"},
		{"an active model that does not answer", func(h *house, _ *activities.Job) {
			h.catalog.Embedders["dead"] = catalog.EmbedderSpec{Open: func(backends.Model) (backends.Embedder, error) {
				return nil, backends.ErrUnavailable
			}}
			h.catalog.Models["older"] = catalog.ModelSpec{Model: older, Embedder: "dead"}
		}, "", "does not answer any more"},
		{"active records of another model", func(h *house, _ *activities.Job) {
			h.stamped(older, "id-0003", backends.Stamp{Fingerprint: "another", Content: "c"})
		}, "1 of 50 records do not carry the stamp of model older (0 none, 1 another model's): foreign_stamps: \"stale\"", ""},
		{"active records of another model, taken as stale", func(h *house, job *activities.Job) {
			h.stamped(older, "id-0003", backends.Stamp{Fingerprint: "another", Content: "c"})
			h.stamped(older, "id-0004", backends.Stamp{})
			job.ForeignStamps = activities.StampsStale
		}, "", "2 of 50 records do not carry the stamp of model older (1 none, 1 another model's): taken as stale"},
		{"target records without a stamp", func(h *house, job *activities.Job) {
			_, err := h.segment(nil, h.prepared(), activities.SyncForward, "")
			require.NoError(h.t, err)
			h.stamped(newer, "id-0003", backends.Stamp{})
		}, "the target generation docs@" + newer.Fingerprint() + ": 1 of 50 records do not carry the stamp of model newer (1 none", ""},
		{"a writer of vectors that writes no stamps", func(h *house, _ *activities.Job) {
			ns := h.catalog.Namespaces["docs"]
			ns.Writes = catalog.WritesVectors
			h.catalog.Namespaces["docs"] = ns
			h.stamped(older, "id-0003", backends.Stamp{})
		}, "has to write the stamp \"r1:" + older.Fingerprint() + ":<content hash>\" with each", ""},
		{"waived ids that no item has", func(_ *house, job *activities.Job) {
			job.Waive = []string{"id-0001,id-0002", "id-0001"}
		}, "", "waive names 1 ids that no item has: id-0001,id-0002"},
		{"texts longer than the model takes", func(h *house, _ *activities.Job) {
			h.put(backends.Item{ID: "id-0001", Text: strings.Repeat("word ", 3000)})
			m := newer
			m.MaxInputTokens = 2000
			h.catalog.Models["newer"] = catalog.ModelSpec{Model: m, Embedder: "builtin"}
		}, "", "1 of 50 sampled texts are estimated at more than the 2000 tokens that model newer takes"},
		{"an active generation that is gone", func(h *house, _ *activities.Job) {
			require.NoError(h.t, h.index().Drop(h.t.Context(), h.index().Locator(older)))
		}, "", "can't be read"},
		{"foreign writers", func(h *house, _ *activities.Job) {
			ns := h.catalog.Namespaces["docs"]
			ns.Writes = catalog.WritesVectors
			h.catalog.Namespaces["docs"] = ns
		}, "", "found by sampling only"},
		{"a single vector that must not be stored", func(h *house, _ *activities.Job) {
			n := 0
			h.embedsAs(func(v []float32) []float32 {
				if n++; n == 3 {
					clear(v)
				}
				return v
			})
		}, "", "1 of 10 sampled texts"},
		{"a refused text does not make the estimate of one text a request", func(h *house, job *activities.Job) {
			for i := range 50 {
				h.put(backends.Item{ID: fmt.Sprintf("id-%04d", i), Text: "a bad text"})
			}
			h.faults.Add(faulty.Fault{Operation: "Embed", Delay: 10 * time.Millisecond})
			job.Timeout, job.Window = 300*time.Millisecond, 1 // five requests, or fifty
			h.acts.Settings.Concurrency = 1
		}, "", "refused a text"},
		{"a text that the provider refuses", func(h *house, job *activities.Job) {
			for i := range 50 {
				h.put(backends.Item{ID: fmt.Sprintf("id-%04d", i), Text: "a bad text"})
			}
		}, "", "refused a text of the sample"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(50)
			h.switchedTo(older)
			job := h.dryRun()
			tt.given(h, &job)
			got, err := h.plan(job)
			require.NoError(t, err)
			if tt.blocker == "" {
				require.Empty(t, got.Blockers)
			} else {
				require.Contains(t, strings.Join(got.Blockers, "\n"), tt.blocker)
			}
			if tt.warning != "" {
				require.Contains(t, strings.Join(got.Warnings, "\n"), tt.warning)
			}
		})
	}
}

// stamped gives a record another stamp, and leaves its vector.
func (h *house) stamped(m backends.Model, id string, s backends.Stamp) {
	h.t.Helper()
	r, err := h.generation(m).Fetch(h.t.Context(), []string{id})
	require.NoError(h.t, err)
	require.Len(h.t, r, 1)
	r[0].Stamp = s
	require.NoError(h.t, h.generation(m).Upsert(h.t.Context(), r))
}

// reversed is another model under the same name.
type reversed struct{ backends.Embedder }

func (r reversed) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	for i := range texts {
		texts[i] = "another text " + texts[i][:1]
	}
	return r.Embedder.Embed(ctx, p, texts)
}

func TestPlanFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(h *house)
		code  string
	}{
		{"refused credentials", func(h *house) { h.faults.Add(faulty.Fault{Operation: "Embed", Err: backends.ErrUnauthorized}) }, activities.CodeUnauthorized},
		{"an unknown model", func(h *house) { h.faults.Add(faulty.Fault{Operation: "Embed", Err: backends.ErrUnknownModel}) }, activities.CodeUnknownModel},
		{"other dimensions", func(h *house) { h.embedsAs(func(v []float32) []float32 { return v[1:] }) }, activities.CodeWrongDimensions},
		{"vectors that are not normalised", func(h *house) {
			h.embedsAs(func(v []float32) []float32 {
				for i := range v {
					v[i] *= 3
				}
				return v
			})
		}, activities.CodeInvalidVector},
		{"a source that is down", func(h *house) {
			h.faults.Add(faulty.Fault{Role: "source", Operation: "Ping", Err: backends.ErrUnavailable})
		}, activities.CodeUnavailable},
		{"an index that is down", func(h *house) {
			h.faults.Add(faulty.Fault{Role: "index", Operation: "Ping", Err: backends.ErrUnavailable})
		}, activities.CodeUnavailable},
		{"a registry that is down", func(h *house) {
			h.faults.Add(faulty.Fault{Role: "registry", Operation: "Ping", Err: backends.ErrUnavailable})
		}, activities.CodeUnavailable},
		{"a source that can't count", func(h *house) { h.faults.Add(faulty.Fault{Operation: "Count", Err: backends.ErrUnavailable}) }, activities.CodeUnavailable},
		{"a source that can't be read", func(h *house) { h.faults.Add(faulty.Fault{Operation: "ReadPage", Err: backends.ErrUnavailable}) }, activities.CodeUnavailable},
		{"an active generation that can't be read", func(h *house) { h.faults.Add(faulty.Fault{Operation: "Fetch", Err: backends.ErrUnavailable}) }, activities.CodeUnavailable},
		{"a table that is not there", func(h *house) {
			h.faults.Add(faulty.Fault{Role: "source", Operation: "Ping", Err: backends.ErrNotFound})
		}, activities.CodeNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(50)
			h.switchedTo(older)
			job := h.dryRun()
			tt.spoil(h)
			_, err := h.plan(job)
			requireCode(t, err, tt.code)
		})
	}
}

// embedsAs makes the newer model answer with other vectors.
func (h *house) embedsAs(change func([]float32) []float32) {
	h.catalog.Embedders["odd"] = catalog.EmbedderSpec{Open: func(m backends.Model) (backends.Embedder, error) {
		e, err := hashing.New(m, hashing.Config{})
		return odd{e, change}, err
	}}
	h.catalog.Models["newer"] = catalog.ModelSpec{Model: newer, Embedder: "odd"}
}

type odd struct {
	backends.Embedder
	change func([]float32) []float32
}

func (o odd) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	out, err := o.Embedder.Embed(ctx, p, texts)
	for i := range out.Vectors {
		out.Vectors[i] = o.change(out.Vectors[i])
	}
	return out, err
}

// Foresee runs outside of any activity.
func TestForesee(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(50)
	h.switchedTo(older)
	got, err := activities.Foresee(t.Context(), h.acts.World, h.acts.Settings, activities.Request{Namespace: "docs", To: "newer"})
	require.NoError(t, err)
	require.Equal(t, "older", got.From)
	require.EqualValues(t, 50, got.Items)
	require.Empty(t, got.Blockers)

	_, err = activities.Foresee(t.Context(), h.acts.World, h.acts.Settings, activities.Request{Namespace: "docs", To: "newest"})
	require.ErrorIs(t, err, backends.ErrInvalidInput)
}
