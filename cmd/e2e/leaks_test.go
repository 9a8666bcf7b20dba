package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/workflows"
)

// The canaries: words that are nowhere but where this test puts them.
const (
	canaryText    = "quetzalcoatl"
	canaryKey     = "sk-canary-7f3a9b1c5d"
	canaryPayload = "xochimilco"
	canaryID      = "popocatepetl"
)

const leaksCatalog = `
stores:
  local: {driver: sqlite, path: ./reembed.db}
embedders:
  near: {driver: hashing}
  theirs: {driver: openai, base_url: "%s", api_key: "${CANARY_KEY}"}
models:
  small: {embedder: near, dimensions: 64, metric: cosine, normalized: true}
  large: {embedder: theirs, dimensions: 128, metric: cosine, normalized: true}
  other: {embedder: theirs, provider_model: other, dimensions: 128, metric: cosine, normalized: true}
namespaces:
  docs: {store: local, table: docs, payload: meta, model: small, writes: text}
`

// TestNothingLeaks re-embeds items through a provider that repeats keys and texts
// in its errors, has jobs fail and complete, and searches all that was written
// down on the way for the canaries.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	provider := newGossip(t, 128)
	r := newRig(t, setting{
		catalog: fmt.Sprintf(leaksCatalog, provider.url),
		lines:   func(string) string { return secretLines(200) },
		env:     []string{"CANARY_KEY=" + canaryKey, "REEMBED_LOG_LEVEL=debug", "REEMBED_BATCH_SIZE=10"},
	})
	r.worker()
	seen := &places{rig: r, found: map[string][]byte{}}

	failed := r.begin(workflows.Request{Namespace: "docs", To: "large"})
	require.Equal(t, workflows.Failed, r.finish(failed).State, "an item that is not waived stops the switch")
	seen.look(failed.ID)
	waived := r.begin(workflows.Request{Namespace: "docs", To: "large", Waive: []string{canaryID + "-refused"}})
	s := r.finish(waived)
	require.Equal(t, workflows.Completed, s.State, s.Reason)
	seen.look(waived.ID)
	provider.refuseAll.Store(true)
	r.write("more.jsonl", secretLines(201))
	seen.cli("import", filepath.Join(r.dir, "more.jsonl"), "--namespace", "docs")
	seen.cli("search", "docs", "a question", "-o", "json")
	locked := r.begin(workflows.Request{Namespace: "docs", To: "other"})
	require.Equal(t, workflows.Failed, r.finish(locked).State, "the key was refused")
	seen.look(locked.ID)
	require.Greater(t, provider.told.Load(), int64(5), "the provider repeated nothing")
	seen.files()
	seen.registry()

	seen.nothing(canaryKey)
	seen.nothing(canaryText, "cli search docs a question -o json")
	seen.nothing(canaryPayload, "cli search docs a question -o json")
	for _, form := range r.vectorForms("large") {
		seen.nothing(form)
	}
	// Ids may travel, but for labels of metrics; and the search finds what is there.
	require.NotContains(t, string(seen.found["metrics"]), canaryID)
	require.Contains(t, string(seen.found["history "+failed.ID]), canaryID)
	require.Contains(t, string(seen.found["registry"]), canaryID)
	require.Contains(t, string(seen.found["file temporal.db"]), canaryID)
}

func secretLines(n int) string {
	var b strings.Builder
	for i := range n {
		item := map[string]any{
			"id": fmt.Sprintf("%s-%04d", canaryID, i), "text": fmt.Sprintf("the %s of number%d and of %d", canaryText, i*7919, i),
			"payload": map[string]string{"name": canaryPayload + strconv.Itoa(i)},
		}
		if i == 77 {
			item["id"], item["text"] = canaryID+"-refused", canaryText+" is "+refused
		}
		raw, _ := json.Marshal(item)
		b.Write(append(raw, '\n'))
	}
	return b.String()
}

// places are all that was written down: by where, what.
type places struct {
	rig   *rig
	found map[string][]byte
}

func (p *places) add(place string, raw []byte) { p.found[place] = append(p.found[place], raw...) }

// look takes down what the CLI, the metrics and Temporal say of a job.
func (p *places) look(job string) {
	p.rig.t.Helper()
	for _, args := range [][]string{
		{"status", job},
		{"status", job, "-o", "json"},
		{"watch", job},
		{"list"},
		{"queue"},
		{"plan", "docs", "--to", "large"},
		{"resolve", "docs"},
		{"diff", "docs"},
		{"catalog", "check"},
	} {
		p.cli(args...)
	}
	res, err := http.Get("http://" + p.rig.http + "/metrics")
	require.NoError(p.rig.t, err)
	raw, err := io.ReadAll(res.Body)
	require.NoError(p.rig.t, err)
	require.NoError(p.rig.t, res.Body.Close())
	require.Contains(p.rig.t, string(raw), "reembed_")
	p.add("metrics", raw)
	p.temporal(job)
}

func (p *places) cli(args ...string) {
	p.rig.t.Helper()
	out, _ := p.rig.tryReembed(args...)
	require.NotEmpty(p.rig.t, out)
	p.add("cli "+strings.Join(args, " "), []byte(out))
}

// temporal takes down the histories of a job and of all its children, with the
// payloads decoded, and what describe says of them.
func (p *places) temporal(job string) {
	p.rig.t.Helper()
	out, code := p.rig.temporal("workflow", "list", "--limit", "1000", "-o", "json")
	require.Zero(p.rig.t, code, out)
	var listed []struct {
		Execution struct{ WorkflowID, RunID string }
	}
	require.NoError(p.rig.t, json.Unmarshal([]byte(out), &listed))
	p.add("list of Temporal", readable(p.rig.t, out))
	var own int
	for _, w := range listed {
		if !strings.HasPrefix(w.Execution.WorkflowID, job) {
			continue
		}
		own++
		for _, verb := range []string{"show", "describe"} {
			out, code := p.rig.temporal("workflow", verb, "--workflow-id", w.Execution.WorkflowID, "--run-id", w.Execution.RunID, "-o", "json")
			require.Zero(p.rig.t, code, out)
			p.add("history "+job, readable(p.rig.t, out))
		}
	}
	require.Positive(p.rig.t, own)
}

// data is a payload in JSON of the temporal CLI.
var data = regexp.MustCompile(`"data": ?"([^"]*)"`)

// readable is the JSON with its payloads behind it, decoded.
func readable(t *testing.T, out string) []byte {
	t.Helper()
	raw := []byte(out)
	for _, m := range data.FindAllStringSubmatch(out, -1) {
		value, err := base64.StdEncoding.DecodeString(m[1])
		require.NoError(t, err)
		raw = append(append(raw, '\n'), value...)
	}
	return raw
}

// files takes down the worker's log and all that Temporal keeps on disk.
func (p *places) files() {
	p.rig.t.Helper()
	log, err := os.ReadFile(p.rig.log.Name())
	require.NoError(p.rig.t, err)
	require.Contains(p.rig.t, string(log), "DEBUG")
	p.add("log of the worker", log)
	for _, name := range []string{"temporal.db", "temporal.db-wal", "temporal.log"} {
		raw, err := os.ReadFile(filepath.Join(p.rig.dir, name))
		require.NoError(p.rig.t, err)
		p.add("file "+name, raw)
	}
}

func (p *places) registry() {
	p.rig.t.Helper()
	for key, value := range column(p.rig, p.rig.open(), "SELECT kind || ' ' || key, value FROM reembed_registry") {
		p.add("registry", []byte(key+" "+value+"\n"))
	}
}

// nothing fails where the word is found in a place other than those.
func (p *places) nothing(word string, but ...string) {
	p.rig.t.Helper()
	for place, raw := range p.found {
		at := bytes.Index(raw, []byte(word))
		if at < 0 || slices.Contains(but, place) {
			continue
		}
		around := raw[max(0, at-300):min(len(raw), at+100)]
		require.Fail(p.rig.t, "a canary is where it does not belong", "%q in %s: %q", word, place, around)
	}
}

// vectorForms are the ways in which vectors of the active generation may be
// written: their bytes, base64 of them, and decimal numbers.
func (r *rig) vectorForms(model string) []string {
	r.t.Helper()
	p := r.route("docs")
	require.Equal(r.t, model, p.Model)
	var forms []string
	for _, raw := range column(r, r.open(), fmt.Sprintf("SELECT id, vector FROM %q LIMIT 20", p.Locator)) {
		v := decode(raw)
		for i := range len(v) - 2 {
			if v[i] == 0 || v[i+1] == 0 || v[i+2] == 0 {
				continue
			}
			three := littleEndian(v[i : i+3])
			decimal := strconv.FormatFloat(float64(v[i]), 'g', -1, 32)
			forms = append(forms, string(three), base64.StdEncoding.EncodeToString(three))
			if len(decimal) > 8 {
				forms = append(forms, decimal)
			}
		}
	}
	require.Greater(r.t, len(forms), 50)
	return forms
}
