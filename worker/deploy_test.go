package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/reembed/reembed/starter/devserver"
)

const deploy = "../deploy/"

func deployed(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(deploy + file)
	require.NoError(t, err)
	return raw
}

// documents reads all YAML documents of a file.
func documents[T any](t *testing.T, file string) []T {
	t.Helper()
	var all []T
	for dec := yaml.NewDecoder(bytes.NewReader(deployed(t, file))); ; {
		var one T
		err := dec.Decode(&one)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, all, file)
			return all
		}
		require.NoError(t, err, file)
		all = append(all, one)
	}
}

// ruleFile is what is read here of Prometheus' rules.
type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

// dashboard is what is read here of Grafana's.
type dashboard struct {
	UID    string `json:"uid"`
	Panels []struct {
		ID      int    `json:"id"`
		Title   string `json:"title"`
		Targets []struct {
			Expr string `json:"expr"`
		} `json:"targets"`
	} `json:"panels"`
}

// expressions returns the PromQL of rules and dashboard, by where it stands.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, g := range documents[ruleFile](t, "prometheus/rules.yml")[0].Groups {
		for _, r := range g.Rules {
			require.NotEmpty(t, r.Alert)
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
			found["alert "+r.Alert] = r.Expr
		}
	}
	require.NotEmpty(t, found)
	var d dashboard
	require.NoError(t, json.Unmarshal(deployed(t, "grafana/reembed.json"), &d))
	require.NotEmpty(t, d.UID)
	require.NotEmpty(t, d.Panels)
	ids := map[int]bool{}
	for _, p := range d.Panels {
		require.False(t, ids[p.ID], "two panels of id %d", p.ID)
		ids[p.ID] = true
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			found["panel "+p.Title+": "+target.Expr] = target.Expr
		}
	}
	return found
}

var metricName = regexp.MustCompile(`\b(?:reembed|temporal)_[a-z_]+\b`)

// Rules and dashboard ask for metrics that a worker exports, also before its
// first job: a name that is mistyped, or renamed here, is an alert that never fires.
func TestDeployedExpressionsNameRealMetrics(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, err := devserver.Start(ctx, devserver.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	w := start(t, server.Env(), "--catalog", catalogFile(t, hashing))
	w.await(t, "working")
	w.get(t, "/readyz") // asks the registry, so that there is a call to show

	wanted := map[string]string{} // name -> where it stands
	for at, expr := range expressions(t) {
		names := metricName.FindAllString(expr, -1)
		require.NotEmpty(t, names, at)
		for _, name := range names {
			wanted[name] = at
		}
	}
	exported := regexp.MustCompile(`(?m)^[a-z_]+`)
	var missing []string
	// The first activity is the gate's.
	require.Eventually(t, func() bool {
		_, text := w.get(t, "/metrics")
		names := exported.FindAllString(text, -1)
		missing = nil
		for name, at := range wanted {
			if !slices.Contains(names, name) {
				missing = append(missing, name+" of "+at)
			}
		}
		return len(missing) == 0
	}, 30*time.Second, 100*time.Millisecond, "no worker exports what is asked for; %v", &missing)
}

// Every worker exports the whole fleet's gauges: a sum over workers counts a job
// once for each of them.
func TestDeployedExpressionsDoNotAddUpTheFleetsGauges(t *testing.T) {
	t.Parallel()
	gauge := regexp.MustCompile(`(\w+)\s*\(\s*reembed_jobs_(?:active|queued)\b`)
	seen := 0
	for at, expr := range expressions(t) {
		found := gauge.FindAllStringSubmatch(expr, -1)
		require.Equal(t, len(found), strings.Count(expr, "reembed_jobs_active")+strings.Count(expr, "reembed_jobs_queued"), at)
		for _, f := range found {
			require.Contains(t, []string{"max", "absent"}, f[1], at)
			seen++
		}
	}
	require.Positive(t, seen)
}

// The manifests leave a stopping worker the time that it may take.
func TestManifests(t *testing.T) {
	t.Parallel()
	kinds := map[string]map[string]any{}
	for _, d := range documents[map[string]any](t, "kubernetes/worker.yaml") {
		kinds[d["kind"].(string)] = d
	}
	require.Contains(t, kinds, "ConfigMap")
	require.Contains(t, kinds, "Secret")
	pod := kinds["Deployment"]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	require.GreaterOrEqual(t, pod["terminationGracePeriodSeconds"], 45)
	container := pod["containers"].([]any)[0].(map[string]any)
	for probe, path := range map[string]string{"livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
		get := container[probe].(map[string]any)["httpGet"].(map[string]any)
		require.Equal(t, path, get["path"])
	}
	compose := documents[map[string]any](t, "compose.yaml")[0]
	grace, err := time.ParseDuration(compose["services"].(map[string]any)["worker"].(map[string]any)["stop_grace_period"].(string))
	require.NoError(t, err)
	require.GreaterOrEqual(t, grace, 45*time.Second)
}
