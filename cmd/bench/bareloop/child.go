package bareloop

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/cmd/bench/machine"
)

// Task is what a process that plays the loop is asked for: the folder has
// reembed.yaml and reembed.db, in which the namespace's items are a table of
// its name.
type Task struct {
	Folder      string `json:"folder"`
	Namespace   string `json:"namespace"`
	Model       string `json:"model"`
	BatchSize   int    `json:"batch_size"`
	Concurrency int    `json:"concurrency"`
}

// writeRows is the size of a transaction: more did not make the loop faster.
const writeRows = 10_000

// Main does a task, given as JSON, and prints its Result as JSON. The process
// is used for nothing else, as what it took of the machine is measured.
func Main(ctx context.Context, task string, environ func(string) (string, bool), out io.Writer) error {
	var t Task
	if err := json.Unmarshal([]byte(task), &t); err != nil {
		return fmt.Errorf("read the task: %w", err)
	}
	c, err := catalog.Load(filepath.Join(t.Folder, "reembed.yaml"), environ, builtin.Drivers())
	if err != nil {
		return err
	}
	world := catalog.NewWorld(c, catalog.Decorators{})
	locator, model, err := prepare(ctx, world, t)
	if err != nil {
		return err
	}
	e, err := world.Embedder(t.Model)
	if err != nil {
		return err
	}
	res, err := Run(ctx, Settings{
		Database: filepath.Join(t.Folder, "reembed.db"), Table: t.Namespace, Locator: locator,
		Fingerprint: model.Fingerprint(), BatchSize: t.BatchSize, Concurrency: t.Concurrency, WriteRows: writeRows,
	}, e)
	if err != nil {
		return err
	}
	if res.CPU, err = machine.OwnCPU(); err != nil {
		return err
	}
	if res.PeakRSS, err = machine.OwnPeakRSS(); err != nil {
		return err
	}
	if err := world.Close(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(res)
}

// prepare makes the same table that a job would.
func prepare(ctx context.Context, w *catalog.World, t Task) (locator string, m backends.Model, err error) {
	if m, err = w.Model(t.Model); err != nil {
		return "", m, err
	}
	index, err := w.Index(ctx, t.Namespace)
	if err != nil {
		return "", m, err
	}
	locator = index.Locator(m)
	if _, err = index.Create(ctx, backends.SpecOf(m, locator)); err != nil {
		return "", m, err
	}
	return locator, m, nil
}
