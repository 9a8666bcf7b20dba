package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends/embedders/providertest"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

const openAICatalog = `
stores:
  local: {driver: sqlite, path: ./reembed.db}
embedders:
  near: {driver: hashing}
  provider: {driver: openai, base_url: "http://%s/v1", api_key: "${PROVIDER_KEY}", timeout: 2s, max_inputs: 20}
models:
  small: {embedder: near, dimensions: 64, metric: cosine, normalized: true}
  large: {embedder: provider, provider_model: text-embedding-3-small, dimensions: 128, normalized: true, max_input_tokens: 8192}
namespaces:
`

const providerKey = "sk-of-the-whole-0123456789"

// provided is a rig whose target model is a provider's, behind a door.
type provided struct {
	*rig
	provider *providertest.Server
	door     *door
}

func newProvided(t *testing.T, namespaces ...string) *provided {
	t.Helper()
	s := providertest.New(t, providertest.Options{Models: map[string]int{"text-embedding-3-small": 128}, Key: providerKey})
	d := newDoor(t, s.URL())
	catalog := fmt.Sprintf(openAICatalog, d.address)
	for _, ns := range namespaces {
		catalog += fmt.Sprintf("  %s: {store: local, table: %s, model: small, writes: text}\n", ns, ns)
	}
	require.Equal(t, "docs", namespaces[0])
	r := newRig(t, setting{catalog: catalog, items: 400, more: namespaces[1:], env: []string{"PROVIDER_KEY=" + providerKey}})
	r.worker()
	return &provided{rig: r, provider: s, door: d}
}

// moves waits for a job's end, which has to be good, and checks all vectors
// against the provider's.
func (p *provided) moves(h starter.Handle, namespace string) {
	p.t.Helper()
	s := p.finish(h)
	require.Equal(p.t, workflows.Completed, s.State, "%s: %s", s.ErrorCode, s.Reason)
	require.EqualValues(p.t, 400, s.Verification.Items)
	p.everyVectorIs(namespace, "large", func(text string, dimensions int) ([]float32, error) {
		return providertest.Vector("text-embedding-3-small", dimensions, text)
	})
}

// midway is a request of the copy: the ones before it are the plan's and the canaries'.
const midway = 6

// TestOpenAIRefusesAndAnswersAgain: what a person has to mend fails the job with
// its code, at once; what was active is untouched, and a later job goes on from
// what is there.
func TestOpenAIRefusesAndAnswersAgain(t *testing.T) {
	t.Parallel()
	p := newProvided(t, "docs")
	for _, c := range []struct {
		kind providertest.Kind
		code string
	}{
		{providertest.Unauthorized, activities.CodeUnauthorized},
		{providertest.QuotaExhausted, activities.CodeQuotaExhausted},
		{providertest.ModelNotFound, activities.CodeUnknownModel},
		{providertest.WrongLength, activities.CodeWrongDimensions},
	} {
		p.provider.Add(providertest.Fault{Nth: midway, From: true, Kind: c.kind})
		s := p.finish(p.begin(workflows.Request{Namespace: "docs", To: "large"}))
		require.Equal(t, workflows.Failed, s.State, c.kind)
		require.Equal(t, c.code, s.ErrorCode, s.Reason)
		require.Contains(t, s.Reason, "request id", "what the provider's support asks for")
		require.Positive(t, p.provider.Struck())
		p.provider.Clear()
		require.EqualValues(t, 1, p.route("docs").Generation)
		p.everyVectorIsRight("docs", "small")
		require.NotEmpty(t, p.reembed("search", "docs", "matter104729"), "what is active still answers")
	}
	before := p.provider.Texts()
	p.moves(p.begin(workflows.Request{Namespace: "docs", To: "large"}), "docs")
	// 360 texts differ. The last job also embeds canaries and a sample of 200 for its checks.
	require.Less(t, p.provider.Texts()-before, int64(360+200), "what failed jobs wrote is not embedded again")
	require.Contains(t, p.reembed("search", "docs", "subject7919 matter104729", "-k", "1"), "docs/00001")
	require.Contains(t, p.reembed("catalog", "check"), "models.large")
	p.keyIsNowhere()
}

// keyIsNowhere looks at the worker's log.
func (p *provided) keyIsNowhere() {
	p.t.Helper()
	raw, err := os.ReadFile(p.log.Name())
	require.NoError(p.t, err)
	require.NotEmpty(p.t, raw)
	require.NotContains(p.t, string(raw), providerKey)
}

// TestOpenAIRecovers: what passes is waited out, and the job completes with
// every vector in its place.
func TestOpenAIRecovers(t *testing.T) {
	t.Parallel()
	p := newProvided(t, "docs", "hanging", "broken", "refused")
	for _, c := range []struct {
		namespace string
		fault     providertest.Fault
		requests  int // struck
	}{
		{"docs", providertest.Fault{Kind: providertest.RateLimited, RetryAfter: "1"}, 6},
		{"hanging", providertest.Fault{Kind: providertest.Hang}, 2},
		{"broken", providertest.Fault{Kind: providertest.InternalError}, 12},
	} {
		var faults []providertest.Fault
		for i := range c.requests {
			f := c.fault
			f.Nth = midway + i
			faults = append(faults, f)
		}
		before := p.provider.Struck()
		p.provider.Add(faults...)
		p.moves(p.begin(workflows.Request{Namespace: c.namespace, To: "large"}), c.namespace)
		require.Equal(t, c.requests, p.provider.Struck()-before, c.namespace)
		p.provider.Clear()
	}

	// Refused from the start, and once more in the middle.
	p.door.shut()
	job := p.begin(workflows.Request{Namespace: "refused", To: "large"})
	refused := func(s workflows.Status) bool { return strings.Contains(s.LastError, "connection refused") }
	trouble := p.await(job, "the trouble to be shown", refused)
	require.Equal(t, workflows.Running, trouble.State)
	require.Equal(t, "small", p.route("refused").Model)
	before := p.provider.Struck()
	p.provider.Add(providertest.Fault{Nth: midway, From: true, Kind: providertest.Hang})
	p.door.open()
	p.await(job, "the middle", func(workflows.Status) bool { return p.provider.Struck() > before })
	p.door.shut()
	p.provider.Clear()
	p.await(job, "the trouble to be shown again", refused)
	p.door.open()
	p.moves(job, "refused")
	p.keyIsNowhere()
}
