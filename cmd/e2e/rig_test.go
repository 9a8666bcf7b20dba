package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/cmd/stand"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/child"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/workflows"
)

// patience bounds every wait: a test that reaches it has failed.
const patience = 3 * time.Minute

// rig is one dev server with a catalog, a store, and workers of its own.
type rig struct {
	t      *testing.T
	dir    string
	server *devserver.Server
	client *starter.Client
	env    []string
	http   string // address of the workers' HTTP server
	log    *os.File
	db     string // name of the file that is looked into; reembed.db
	// planned is how many texts the tally had when the copy began.
	planned int
}

// setting is what differs between the tests' catalogs.
type setting struct {
	latency time.Duration // of the target's embedder
	items   int           // in each namespace
	// namespaces besides "docs", each with a table of its own.
	more []string
	// catalog and lines, where a test brings its own: the file, and the items of a namespace.
	catalog string
	lines   func(namespace string) string
	env     []string // of the workers
}

const catalogHead = `
stores:
  local: {driver: sqlite, path: ./reembed.db}
embedders:
  near: {driver: hashing}
  far: {driver: hashing, latency: %s, tally: ./tally}
models:
  small: {embedder: near, dimensions: 64, metric: cosine, normalized: true}
  large: {embedder: far, dimensions: 128, metric: cosine, normalized: true}
namespaces:
`

func (s setting) namespaces() []string { return append([]string{"docs"}, s.more...) }

// file is the catalog's.
func (s setting) file() string {
	if s.catalog != "" {
		return s.catalog
	}
	var catalog strings.Builder
	fmt.Fprintf(&catalog, catalogHead, s.latency)
	for _, ns := range s.namespaces() {
		fmt.Fprintf(&catalog, "  %s: {store: local, table: %s, model: small, writes: text}\n", ns, ns)
	}
	return catalog.String()
}

// content is what is imported into a namespace.
func (s setting) content(namespace string) string {
	if s.lines != nil {
		return s.lines(namespace)
	}
	return lines(namespace, s.items)
}

// newRig starts a dev server on its own file, writes the catalog, and imports
// the items with the model "small".
func newRig(t *testing.T, s setting) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir()}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r.write(stand.Catalog, s.file())
	on, err := stand.Open(ctx, r.dir, s.env...)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the workers' log:\n%s", on.Tail())
		}
		require.NoError(t, on.Close())
	})
	r.server, r.client, r.env, r.http, r.log = on.Server, on.Client, on.Env, on.HTTP, on.Log
	for _, ns := range s.namespaces() {
		r.write(ns+".jsonl", s.content(ns))
		r.reembed("import", filepath.Join(r.dir, ns+".jsonl"), "--namespace", ns)
	}
	return r
}

// lines are items with texts that differ, but for every tenth, which has the text of its neighbour.
func lines(namespace string, n int) string {
	var b strings.Builder
	for i := range n {
		text := i
		if i%10 == 9 {
			text = i - 1
		}
		raw, _ := json.Marshal(map[string]string{
			"id":   fmt.Sprintf("%s/%05d", namespace, i),
			"text": fmt.Sprintf("entry %d of %s tells of subject%d and of matter%d", text, namespace, text*7919, text*104729),
		})
		b.Write(raw)
		b.WriteByte('\n')
	}
	return b.String()
}

func (r *rig) write(name, content string) {
	r.t.Helper()
	require.NoError(r.t, os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600))
}

// worker starts the real worker program.
func (r *rig) worker(env ...string) *child.Process {
	r.t.Helper()
	return r.start(program("reembed-worker"), env...)
}

func (r *rig) start(path string, env ...string) *child.Process {
	r.t.Helper()
	p, err := child.Start(child.Command{
		Path: path, Env: append(r.env[:len(r.env):len(r.env)], env...), Stdout: r.log, Stderr: r.log,
	})
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = p.Kill() })
	return p
}

// reembed runs the CLI, which has to succeed, and returns what it printed.
func (r *rig) reembed(args ...string) string {
	r.t.Helper()
	out, code := r.tryReembed(args...)
	require.Equal(r.t, 0, code, "reembed %s:\n%s", strings.Join(args, " "), out)
	return out
}

// tryReembed returns what the CLI printed and its exit code.
func (r *rig) tryReembed(args ...string) (string, int) {
	r.t.Helper()
	return r.run(program("reembed"), args...)
}

// temporal runs the plain temporal CLI.
func (r *rig) temporal(args ...string) (string, int) {
	r.t.Helper()
	path, err := devserver.Find()
	require.NoError(r.t, err)
	return r.run(path, args...)
}

func (r *rig) run(path string, args ...string) (string, int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	out, code, err := stand.Run(ctx, stand.Command{Path: path, Args: args, Dir: r.dir, Env: r.env})
	require.NoError(r.t, err)
	return out, code
}

// begin starts a job.
func (r *rig) begin(req workflows.Request) starter.Handle {
	r.t.Helper()
	h, err := r.client.Start(r.t.Context(), req, starter.StartOptions{})
	require.NoError(r.t, err)
	return h
}

// await watches a job until the condition holds, and returns the status that it held for.
func (r *rig) await(h starter.Handle, what string, holds func(workflows.Status) bool) workflows.Status {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	last, err := stand.Await(ctx, r.client, h, what, holds)
	require.NoError(r.t, err)
	return last
}

// finish waits for the job's end.
func (r *rig) finish(h starter.Handle) workflows.Status {
	r.t.Helper()
	return r.await(h, "the end", func(s workflows.Status) bool { return s.State.Final() })
}

// complete waits for the job's end and checks that all is right.
func (r *rig) complete(h starter.Handle, namespace string) workflows.Status {
	r.t.Helper()
	s := r.finish(h)
	require.Equal(r.t, workflows.Completed, s.State, "%s: %s", s.ErrorCode, s.Reason)
	require.Equal(r.t, workflows.Switched, s.Phase)
	r.everyVectorIsRight(namespace, s.To)
	return s
}

func (r *rig) dbPath() string { return filepath.Join(r.dir, cmp.Or(r.db, "reembed.db")) }

func (r *rig) tally() string { return filepath.Join(r.dir, "tally") }
