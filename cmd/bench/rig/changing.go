package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/stores/sqlite"
	"github.com/reembed/reembed/cmd/bench/texts"
)

// Changing runs a job with a worker of its own, and changes so many items, spread
// over the table, when half of them are copied. The catalog has the store
// write down what changes. Job.CatchUp is what they cost.
func (p *Place) Changing(ctx context.Context, changes int) (job Job, err error) {
	if err := p.capture(); err != nil {
		return job, err
	}
	watch, err := p.Watch(Namespace)
	if err != nil {
		return job, err
	}
	defer func() { err = errors.Join(err, watch.Close()) }()
	w, err := p.Hire()
	if err != nil {
		return job, err
	}
	defer func() {
		taken, derr := w.Dismiss()
		job.Taken = taken
		err = errors.Join(err, derr)
	}()
	if err := w.Ready(ctx); err != nil {
		return job, err
	}
	h, err := p.Start(ctx, Namespace)
	if err == nil {
		err = watch.There(ctx)
	}
	if err == nil {
		_, _, err = watch.Beyond(ctx, int64(p.items/2))
	}
	if err == nil {
		err = p.change(ctx, changes)
	}
	if err != nil {
		return job, err
	}
	if job, err = p.Finish(ctx, h); err != nil {
		return job, err
	}
	if n := job.Status.Progress.Totals.Written; n <= int64(p.items) {
		return job, fmt.Errorf("%d vectors were written for %d items: no change was caught up with", n, p.items)
	}
	return job, nil
}

// capture adds to the catalog's namespaces that changes are written down.
func (p *Place) capture() error {
	raw, err := os.ReadFile(p.file(catalogFile))
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(string(raw), "writes: text}", "writes: text, capture: journal}")
	return os.WriteFile(p.file(catalogFile), []byte(text), 0o600)
}

// change gives items other texts, in one transaction as an application would.
func (p *Place) change(ctx context.Context, changes int) (err error) {
	store, err := sqlite.Open(ctx, sqlite.Config{Path: p.file(database)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	table, err := store.Source(sqlite.Table{Name: Namespace})
	if err != nil {
		return err
	}
	edits := make([]backends.Item, 0, changes)
	for n := range changes {
		at := int(int64(n) * int64(p.items) / int64(changes))
		edits = append(edits, backends.Item{ID: texts.ID(at), Text: texts.Item(p.items + n).Text})
	}
	return table.PutItems(ctx, edits)
}
