package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/starter/cli/human"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// importOptions are the flags of import.
type importOptions struct {
	namespace   string
	skipInvalid bool
}

func (a *app) importCommand() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use: "import FILE.jsonl|-", Short: "Put items into a namespace's source, and embed them", GroupID: groupData,
		Long: `Import reads items, one JSON object a line:

  {"id": "net/http.Client.Do", "text": "func (c *Client) Do ...", "payload": {"kind": "method"}}

id and text are strings, payload (or metadata) is any JSON value or absent. The
whole file is checked first: a line that is wrong is reported with its number,
and nothing is imported, unless --skip-invalid is given. Then the items are
inserted or replaced by id, and the active generation is brought up to date: what
is missing or stale in it is embedded. The first import into a namespace makes
its first generation, with the model that the catalog names for it. Where the
namespace is self-contained, items are embedded and written into its active
collection as an application would do it, and replace what is there by their ids.

Import needs no worker and no Temporal. Importing a file again changes nothing,
and embeds nothing.`,
		Example: `  reembed import docs.jsonl --namespace docs
  zcat docs.jsonl.gz | reembed import - --namespace docs`,
		Args: needs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runImport(cmd.Context(), args[0], o) },
	}
	cmd.Flags().StringVar(&o.namespace, "namespace", "", "namespace of the catalog (required)")
	cmd.Flags().BoolVar(&o.skipInvalid, "skip-invalid", false, "report wrong lines and import the others")
	return cmd
}

// imported is what `reembed import -o json` prints.
type imported struct {
	Namespace  string           `json:"namespace"`
	Items      int64            `json:"items"`           // written to the source
	Skipped    int              `json:"skipped"`         // wrong lines, with --skip-invalid
	Model      string           `json:"model"`           // of the active generation
	Locator    string           `json:"locator"`         //
	Generation int64            `json:"generation"`      //
	First      bool             `json:"first,omitempty"` // this import made the namespace's first generation
	Sync       workflows.Counts `json:"sync"`            // what bringing the generation up to date did
	Refused    []refusedItem    `json:"refused,omitempty"`
}

func (a *app) runImport(ctx context.Context, file string, o importOptions) (err error) {
	if o.namespace == "" {
		return usage("name the namespace with --namespace")
	}
	w, err := a.world()
	if err != nil {
		return err
	}
	defer closing(w, &err)
	result := imported{Namespace: o.namespace}
	writer, err := a.itemWriter(ctx, w, &result)
	if err != nil {
		return err
	}
	in, name, done, err := a.openInput(file)
	if err != nil {
		return err
	}
	defer done()
	bad, err := a.checkLines(ctx, name, in, o.skipInvalid)
	if err != nil {
		return err
	}
	result.Skipped = len(bad)
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read %s again: %w", name, err)
	}
	if result.Items, err = putItems(ctx, writer, newLines(name, in), bad); err != nil {
		return fmt.Errorf("import into namespace %s: %w", o.namespace, err)
	}
	if result.Items == 0 {
		return usage("nothing was imported: %s holds no item", name)
	}
	if into, ok := writer.(*collectionWriter); ok {
		err = into.finish(ctx)
	} else {
		err = a.syncImported(ctx, w, &result)
	}
	if err != nil {
		return err
	}
	return a.print(result, func(p *layout.Page) { writeImported(p, result) })
}

// itemWriter is what takes the items: the namespace's source, or its active collection.
func (a *app) itemWriter(ctx context.Context, w *catalog.World, result *imported) (backends.ItemWriter, error) {
	inside, err := w.SelfContained(ctx, result.Namespace)
	if err != nil {
		return nil, err
	}
	if inside {
		return a.collectionWriter(ctx, w, result)
	}
	source, err := w.Source(ctx, result.Namespace)
	if err != nil {
		return nil, err
	}
	writer, ok := backends.As[backends.ItemWriter](source)
	if !ok {
		return nil, fmt.Errorf("%w: the store of namespace %s does not take items: write them where its source reads them", backends.ErrUnsupported, result.Namespace)
	}
	return writer, nil
}

// openInput opens the file, or keeps what comes from stdin in a temporary one,
// as it is read twice.
func (a *app) openInput(file string) (in *os.File, name string, done func(), err error) {
	if file != "-" {
		if in, err = os.Open(file); err != nil {
			return nil, "", nil, usage("open the file to import: %w", err)
		}
		if info, err := in.Stat(); err == nil && info.IsDir() {
			in.Close()
			return nil, "", nil, usage("open the file to import: %s is a folder", file)
		}
		return in, file, func() { in.Close() }, nil
	}
	if in, err = os.CreateTemp("", "reembed-import-*.jsonl"); err != nil {
		return nil, "", nil, fmt.Errorf("keep stdin: %w", err)
	}
	done = func() {
		in.Close()
		os.Remove(in.Name())
	}
	if _, err = io.Copy(in, a.stdin); err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	if err != nil {
		done()
		return nil, "", nil, fmt.Errorf("keep stdin: %w", err)
	}
	return in, "stdin", done, nil
}

func writeImported(p *layout.Page, r imported) {
	p.Pair("imported", human.Things(r.Items, "item")+" into "+r.Namespace)
	if r.Skipped > 0 {
		p.Pair("skipped", human.Things(r.Skipped, "wrong line"))
	}
	p.Pair("embedded", fmt.Sprintf("%s with %s in %s", human.Things(r.Sync.Embedded, "text"), r.Model, human.Things(r.Sync.Requests, "request")))
	p.Pair("written", fmt.Sprintf("%s to %s; right already: %s", human.Things(r.Sync.Written, "vector"), r.Locator, human.Count(r.Sync.Current)))
	if r.Sync.Deleted > 0 {
		p.Pair("deleted", human.Things(r.Sync.Deleted, "record")+" without an item")
	}
	writeRefused(p, r.Refused, r.Sync.Quarantined)
	if r.First {
		p.Pair("route", fmt.Sprintf("generation %d, the namespace's first", r.Generation))
	}
}
