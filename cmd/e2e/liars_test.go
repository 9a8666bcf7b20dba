package e2e

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/worker"
	"github.com/reembed/reembed/workflows"
)

// lie spoils the vectors that a model answered for the texts.
type lie func(texts []string, vectors [][]float32) [][]float32

// each spoils every vector, or that of one text alone.
func each(marked string, spoil func([]float32) []float32) lie {
	return func(texts []string, vectors [][]float32) [][]float32 {
		for i := range vectors {
			if strings.Contains(texts[i], marked) {
				vectors[i] = spoil(vectors[i])
			}
		}
		return vectors
	}
}

func shorter(v []float32) []float32 { return v[1:] }

func nan(v []float32) []float32 {
	v[len(v)/2] = float32(math.NaN())
	return v
}

func zero(v []float32) []float32 { return make([]float32, len(v)) }

func longer(v []float32) []float32 {
	for i := range v {
		v[i] *= 2
	}
	return v
}

// one is in a single text of a namespace's, see lines.
const one = " subject5551219 "

// after lets a model be honest for n requests: those of the plan, for example.
func after(n int64, l lie) lie {
	var asked atomic.Int64
	return func(texts []string, vectors [][]float32) [][]float32 {
		if asked.Add(1) <= n {
			return vectors
		}
		return l(texts, vectors)
	}
}

// liar is what a model makes of its answers, what becomes of a job to it, and
// what the job's reason has to say.
type liar struct {
	lie   lie
	code  string
	phase workflows.Phase
	says  []string
}

// liars are made anew for each test: some count.
func liars() map[string]liar {
	fewer := func(_ []string, v [][]float32) [][]float32 { return v[1:] }
	reversed := func(_ []string, v [][]float32) [][]float32 { slices.Reverse(v); return v }
	return map[string]liar{
		"short":        {each("", shorter), "WRONG_DIMENSIONS", workflows.Planning, []string{"vector has 127", "model short declares 128"}},
		"short-later":  {after(2, each("", shorter)), "WRONG_DIMENSIONS", workflows.Copying, []string{"vector has 127", "model short-later declares 128"}},
		"few":          {fewer, "INVALID_VECTOR", workflows.Planning, []string{"vectors for", "model few"}},
		"few-later":    {after(2, fewer), "INVALID_VECTOR", workflows.Copying, []string{"model few-later", "99 vectors for 100 texts"}},
		"reordered":    {reversed, "VERIFICATION_FAILED", workflows.Verifying, []string{"drift"}},
		"nan":          {each("", nan), "INVALID_VECTOR", workflows.Planning, []string{"model nan", "NaN"}},
		"one-nan":      {each(one, nan), "QUARANTINE_NOT_WAIVED", workflows.Ready, []string{"1 items have no vector", "one-nan/00701"}},
		"zero":         {each("", zero), "INVALID_VECTOR", workflows.Planning, []string{"model zero", "all components are zero"}},
		"one-zero":     {each(one, zero), "QUARANTINE_NOT_WAIVED", workflows.Ready, []string{"1 items have no vector", "one-zero/00701"}},
		"unnormalized": {each("", longer), "INVALID_VECTOR", workflows.Planning, []string{"length 2.0000", "declared normalized"}},
	}
}

// lying are the drivers of this repository, but that hashing lies as its models
// are told to.
func lying(liars map[string]liar) catalog.Drivers {
	d := builtin.Drivers()
	honest := d.Embedders["hashing"].Embedder
	d.Embedders["hashing"] = catalog.EmbedderDriver{Embedder: func(f *catalog.Fields) func(backends.Model) (backends.Embedder, error) {
		open := honest(f)
		return func(m backends.Model) (backends.Embedder, error) {
			e, err := open(m)
			if l, ok := liars[m.Name]; ok {
				e = lyingEmbedder{e, l.lie}
			}
			return e, err
		}
	}}
	return d
}

type lyingEmbedder struct {
	backends.Embedder
	lie lie
}

func (l lyingEmbedder) Embed(ctx context.Context, p backends.Purpose, texts []string) (backends.Embedding, error) {
	answer, err := l.Embedder.Embed(ctx, p, texts)
	if err == nil {
		answer.Vectors = l.lie(texts, answer.Vectors)
	}
	return answer, err
}

// inProcess runs a worker with other drivers in this process.
func (r *rig) inProcess(d catalog.Drivers) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan int, 1)
	go func() {
		done <- worker.Program{Version: "in process", Drivers: d}.Run(ctx, nil, r.env, new(bytes.Buffer), r.log)
	}()
	r.t.Cleanup(func() {
		cancel()
		require.Zero(r.t, <-done)
	})
}

// TestModelsThatLie guards the active generation, and the space that the next
// one is searched in, against what an embedder may answer: no job switches to
// vectors that are not those of their items, and each says what was wrong.
func TestModelsThatLie(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("stores:\n  local: {driver: sqlite, path: ./reembed.db}\nembedders:\n  near: {driver: hashing}\nmodels:\n" +
		"  small: {embedder: near, dimensions: 64, metric: cosine, normalized: true}\n")
	liars := liars()
	names := slices.Sorted(maps.Keys(liars))
	for _, name := range names {
		fmt.Fprintf(&text, "  %s: {embedder: near, dimensions: 128, metric: cosine, normalized: true}\n", name)
	}
	text.WriteString("namespaces:\n")
	for _, ns := range append([]string{"docs"}, names...) {
		fmt.Fprintf(&text, "  %s: {store: local, table: %s, model: small, writes: text}\n", ns, ns)
	}
	r := newRig(t, setting{items: 800, more: names, catalog: text.String(), env: []string{"MAX_CONCURRENT_REEMBED_JOBS=9"}})
	r.inProcess(lying(liars))
	jobs := map[string]starter.Handle{}
	for _, name := range names {
		jobs[name] = r.begin(workflows.Request{Namespace: name, To: name})
	}
	for name, l := range liars {
		t.Run(name, func(t *testing.T) {
			s := r.finish(jobs[name])
			require.Equal(t, workflows.Failed, s.State)
			require.Equal(t, l.code, s.ErrorCode, s.Reason)
			require.Equal(t, l.phase, s.Phase, s.Reason)
			for _, says := range l.says {
				require.Contains(t, s.Reason, says)
			}
			require.Nil(t, s.Route)
			r.everyVectorIsRight(name, "small")
		})
	}
}
