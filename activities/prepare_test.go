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
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
)

// spoilCanaries keeps canaries that the model does not answer with.
func (h *house) spoilCanaries(m backends.Model) {
	h.t.Helper()
	vectors := make([][]float32, len(records.CanaryTexts))
	for i := range vectors {
		vectors[i] = make([]float32, m.Dimensions)
		vectors[i][i] = 1
	}
	require.NoError(h.t, records.PutCanaries(h.t.Context(), h.registry(), m, vectors, time.Unix(0, 0)))
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(3)
	job := h.prepared()
	require.Equal(t, backends.SpecOf(newer, job.Locator), h.generation(newer).Spec())
	kept, err := records.Canaries(t.Context(), h.registry(), newer.Fingerprint())
	require.NoError(t, err)
	require.Len(t, kept[0], newer.Dimensions)
	found, err := run[activities.Prepared](h, nil, h.acts.Prepare, job)
	require.NoError(t, err, "it may be repeated")
	require.True(t, found.Fresh)
	_, err = h.segment(nil, job, activities.SyncForward, "")
	require.NoError(t, err)
	found, err = run[activities.Prepared](h, nil, h.acts.Prepare, job)
	require.NoError(t, err)
	require.False(t, found.Fresh, "a former job left records")
}

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(h *house)
		code  string
	}{
		{"a lost lease", func(h *house) { h.stolen() }, activities.CodeLeaseLost},
		{"a generation of another metric", func(h *house) {
			spec := backends.SpecOf(newer, h.index().Locator(newer))
			spec.Metric = backends.Dot
			_, err := h.index().Create(h.t.Context(), spec)
			require.NoError(h.t, err)
		}, activities.CodeConflict},
		{"changed canaries", func(h *house) { h.spoilCanaries(newer) }, activities.CodeCanariesChanged},
		{"a provider that is down", func(h *house) {
			h.faults.Add(faulty.Fault{Operation: "Embed", Err: backends.ErrUnavailable})
		}, activities.CodeUnavailable},
		{"a registry that is down", func(h *house) {
			h.faults.Add(faulty.Fault{Role: "registry", Operation: "Put", Err: backends.ErrUnavailable})
		}, activities.CodeUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			job := h.job()
			tt.spoil(h)
			_, err := run[any](h, nil, h.acts.Prepare, job)
			requireCode(t, err, tt.code)
			if tt.code == activities.CodeLeaseLost {
				there, err := h.index().Generations(t.Context())
				require.NoError(t, err)
				require.Empty(t, there, "it was written without the lease")
			}
		})
	}
}

// Each activity that opens a job refuses it when this worker's catalog means
// another model by the name, and says in what.
func TestAnotherCatalogIsRefused(t *testing.T) {
	t.Parallel()
	segment := func(job activities.Job, task activities.Task) activities.SegmentRequest {
		return activities.SegmentRequest{Job: job, Task: task}
	}
	for name, do := range map[string]func(h *house, job activities.Job) error{
		"Plan":    func(h *house, job activities.Job) error { _, err := run[any](h, nil, h.acts.Plan, job); return err },
		"Prepare": func(h *house, job activities.Job) error { _, err := run[any](h, nil, h.acts.Prepare, job); return err },
		"FinishIndex": func(h *house, job activities.Job) error {
			_, err := run[any](h, nil, h.acts.FinishIndex, job)
			return err
		},
		"CheckSwitch": func(h *house, job activities.Job) error {
			_, err := run[any](h, nil, h.acts.CheckSwitch, job)
			return err
		},
		"Switch": func(h *house, job activities.Job) error { _, err := run[any](h, nil, h.acts.Switch, job); return err },
		"VerifySamples": func(h *house, job activities.Job) error {
			_, err := run[any](h, nil, h.acts.VerifySamples, job)
			return err
		},
		"SplitPass": func(h *house, job activities.Job) error {
			_, err := run[any](h, nil, h.acts.SplitPass, activities.SplitRequest{Job: job, Task: activities.SyncForward})
			return err
		},
		"SyncSegment": func(h *house, job activities.Job) error {
			_, err := run[any](h, nil, h.acts.SyncSegment, segment(job, activities.SyncForward))
			return err
		},
		"VerifySegment": func(h *house, job activities.Job) error {
			_, err := run[any](h, nil, h.acts.VerifySegment, segment(job, activities.VerifyForward))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(3)
			job := h.prepared()
			m := newer
			m.Revision, m.DocumentPrefix = "2", "passage: "
			h.catalog.Models["newer"] = catalog.ModelSpec{Model: m, Embedder: "builtin"}
			err := do(h, job)
			requireCode(t, err, activities.CodeCatalogMismatch)
			require.ErrorContains(t, err, `revision is "2" here, "" in the job`)
			require.ErrorContains(t, err, "document_prefix")
			require.NotContains(t, err.Error(), "dimensions")

			delete(h.catalog.Models, "newer")
			requireCode(t, do(h, job), activities.CodeCatalogMismatch)
			n, err := h.generation(newer).Count(t.Context())
			require.NoError(t, err)
			require.Zero(t, n)
		})
	}
}

func TestSplitPass(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(230)
	job := h.prepared()
	h.switchedTo(older)
	for _, tt := range []struct {
		task   activities.Task
		ranges int
		items  int64
	}{
		{activities.SyncForward, 4, 230},
		{activities.VerifyForward, 1, 230},
		{activities.SyncBackward, 1, 0},
		{activities.VerifyBackward, 1, 0},
	} {
		got, err := run[activities.Split](h, nil, h.acts.SplitPass, activities.SplitRequest{Job: job, Task: tt.task})
		require.NoError(t, err)
		require.Equal(t, tt.items, got.Items, tt.task)
		require.Len(t, got.Ranges, tt.ranges, tt.task)
		requireComplete(t, got.Ranges)
	}
	_, err := run[activities.Split](h, nil, h.acts.SplitPass, activities.SplitRequest{Job: job, Task: "sideways"})
	requireCode(t, err, activities.CodeWorkerTooOld)
	for _, operation := range []string{"Count", "Split"} {
		h.faults.Clear()
		h.faults.Add(faulty.Fault{Operation: operation, Err: backends.ErrUnavailable})
		for _, task := range []activities.Task{activities.SyncForward, activities.SyncBackward} {
			_, err = run[activities.Split](h, nil, h.acts.SplitPass, activities.SplitRequest{Job: job, Task: task})
			requireCode(t, err, activities.CodeUnavailable)
		}
	}
}

func requireComplete(t *testing.T, ranges []backends.Range) {
	t.Helper()
	require.Empty(t, ranges[0].From)
	require.Empty(t, ranges[len(ranges)-1].To)
	for i := 1; i < len(ranges); i++ {
		require.Equal(t, ranges[i-1].To, ranges[i].From)
		require.NotEmpty(t, ranges[i].From)
	}
}

// The ranges stay few, and their keys short in sum, however many items there
// are, however wrong their estimate is, and however long their ids are.
func TestSplitPassIsBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		items    int
		idLength int
		estimate int64
	}{
		{"many items", 5000, 10, 5000},
		{"an estimate far too low", 5000, 10, 7},
		{"long ids", 3000, 1000, 3000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.acts.Settings.RangeItems = 1
			items := make([]backends.Item, tt.items)
			for i := range items {
				items[i] = backends.Item{ID: fmt.Sprintf("%0*d", tt.idLength, i), Text: "x"}
			}
			h.put(items...)
			job := h.prepared()
			h.acts.World = catalog.NewWorld(h.catalog, catalog.Decorators{
				Source: func(_ string, s backends.Source) backends.Source { return estimated{s, tt.estimate} },
			})
			got, err := run[activities.Split](h, nil, h.acts.SplitPass, activities.SplitRequest{Job: job, Task: activities.SyncForward})
			require.NoError(t, err)
			require.LessOrEqual(t, len(got.Ranges), activities.MaxRanges)
			require.Greater(t, len(got.Ranges), 30, "and they are not too few")
			requireComplete(t, got.Ranges)
			bytes := 0
			for _, r := range got.Ranges {
				bytes += len(r.From) + len(r.To)
			}
			require.LessOrEqual(t, bytes, 256<<10)
		})
	}
}

type estimated struct {
	backends.Source
	n int64
}

func (e estimated) Count(context.Context) (int64, bool, error) { return e.n, false, nil }

func TestFinishIndex(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	job := h.prepared()
	_, err := run[any](h, nil, h.acts.FinishIndex, job)
	require.NoError(t, err)
	h.faults.Add(faulty.Fault{Operation: "Finish", Err: backends.ErrUnavailable})
	_, err = run[any](h, nil, h.acts.FinishIndex, job)
	requireCode(t, err, activities.CodeUnavailable)
	h.faults.Clear()
	lost := job
	lost.Locator = strings.Replace(job.Locator, "docs@", "docs@0", 1)
	_, err = run[any](h, nil, h.acts.FinishIndex, lost)
	requireCode(t, err, activities.CodeNotFound)
	h.stolen()
	_, err = run[any](h, nil, h.acts.FinishIndex, job)
	requireCode(t, err, activities.CodeLeaseLost)
}
