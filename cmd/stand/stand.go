package stand

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
)

// Catalog is the name of the catalog's file in a stand's folder.
const Catalog = "reembed.yaml"

// Stand is a dev server, and the environment of programs that belong to it.
type Stand struct {
	Dir    string // of the server's database, the catalog and the log
	Server *devserver.Server
	Client *starter.Client
	HTTP   string   // address that Env gives to a worker's HTTP server
	Env    []string // of workers and commands
	Log    *os.File // what workers print
}

// Open starts a server on its own file in dir. Env comes over this process's own
// environment. The context bounds the start only. Close it.
func Open(ctx context.Context, dir string, env ...string) (*Stand, error) {
	port, err := devserver.FreePort()
	if err != nil {
		return nil, err
	}
	s := &Stand{Dir: dir, HTTP: fmt.Sprintf("127.0.0.1:%d", port)}
	if s.Log, err = os.Create(filepath.Join(dir, "worker.log")); err != nil {
		return nil, fmt.Errorf("log of the workers: %w", err)
	}
	if s.Server, err = devserver.Start(ctx, devserver.Options{Dir: dir}); err != nil {
		return nil, errors.Join(err, s.Log.Close())
	}
	s.Client, err = starter.Dial(ctx, starter.Options{Address: s.Server.Address(), Namespace: devserver.Namespace})
	if err != nil {
		return nil, errors.Join(err, s.Server.Stop(), s.Log.Close())
	}
	s.Env = append(append(os.Environ(), s.Server.Env()...),
		"REEMBED_CATALOG="+filepath.Join(dir, Catalog), "REEMBED_HTTP_ADDR="+s.HTTP,
		"REEMBED_SOAK_SECONDS=0") // who tests soaks says so
	s.Env = append(s.Env, env...)
	return s, nil
}

// Close ends the server. Programs that were started are their starter's to end, before.
func (s *Stand) Close() error {
	s.Client.Close()
	return errors.Join(s.Server.Stop(), s.Log.Close())
}

// logTail is how much of the workers' log is shown.
const logTail = 20_000

// Tail is the end of what the workers printed so far.
func (s *Stand) Tail() string {
	raw, err := os.ReadFile(s.Log.Name())
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-logTail):])
}
