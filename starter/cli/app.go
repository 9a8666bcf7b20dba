package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/starter/cli/progress"
	"github.com/reembed/reembed/starter/environ"
)

// defaultCatalog is the catalog's file where neither --catalog nor
// REEMBED_CATALOG names another.
const defaultCatalog = "reembed.yaml"

// app is what the commands of one run share.
type app struct {
	env            environ.List
	stdin          io.Reader
	stdout, stderr io.Writer

	output   format
	catalog  string // its file, from the flag
	noColor  bool
	temporal starter.Options
	begun    bool // a command has been chosen, and its flags and arguments are right
}

// connect dials Temporal.
func (a *app) connect(ctx context.Context) (*starter.Client, error) {
	o := a.temporal
	o.Env = a.env
	o.WebUI = cmp.Or(o.WebUI, a.env.Get("REEMBED_WEB_UI"))
	c, err := starter.Dial(ctx, o)
	if errors.Is(err, starter.ErrUnreachable) {
		return nil, fmt.Errorf("%w: start Temporal ('reembed dev'), or say where it is with --address", err)
	}
	return c, err
}

func (a *app) catalogFile() string {
	return cmp.Or(a.catalog, a.env.Get("REEMBED_CATALOG"), defaultCatalog)
}

// world reads the catalog; the caller closes what it returns.
func (a *app) world() (*catalog.World, error) {
	c, err := a.loadCatalog()
	if err != nil {
		return nil, err
	}
	return catalog.NewWorld(c, catalog.Decorators{}), nil
}

// existingWorld is world for commands that only read: it opens no store that
// opening would make.
func (a *app) existingWorld() (*catalog.World, error) {
	w, err := a.world()
	if err != nil {
		return nil, err
	}
	return w.ExistingOnly(), nil
}

func (a *app) loadCatalog() (*catalog.Catalog, error) {
	file := a.catalogFile()
	c, err := catalog.Load(file, a.env.LookupEnv, builtin.Drivers())
	if unreadable, ok := errors.AsType[*fs.PathError](err); ok {
		if info, serr := os.Stat(file); serr == nil && info.IsDir() {
			return nil, usage("the catalog %s is a folder: name the file in it with --catalog or REEMBED_CATALOG", file)
		}
		return nil, usage("read catalog: %w: name the catalog with --catalog or REEMBED_CATALOG", unreadable)
	}
	return c, err
}

// renderer shows progress on stderr: a bar when that is a terminal.
func (a *app) renderer() *progress.Renderer {
	return progress.New(a.stderr, progress.Options{Screen: a.screen(a.stderr)})
}

// note tells a person something that is not the result.
func (a *app) note(format string, args ...any) {
	fmt.Fprintln(a.stderr, layout.EscapeLines(fmt.Sprintf(format, args...)))
}

// closing closes c at the end of a function, whose error it joins.
func closing(c io.Closer, err *error) {
	if cerr := c.Close(); *err == nil {
		*err = cerr
	}
}
