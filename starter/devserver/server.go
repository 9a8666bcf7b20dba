package devserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/starter/child"
)

// startTries bounds the starts: a port may be taken between the look and the
// server's own, here and for the ports that it chooses itself.
const startTries = 3

// Server is a running dev server. Its methods are for one goroutine at a time;
// only the addresses may be asked while another method runs.
type Server struct {
	options Options
	process *child.Process
	tail    *tail
	close   func() error // of the log
}

// Start starts a server and returns when its default namespace can be used. The
// context bounds the start only; the server lives until Stop, Kill, or the end
// of this process. An error has the last lines of the server's output.
func Start(ctx context.Context, o Options) (*Server, error) {
	o.StopGrace = cmp.Or(o.StopGrace, 10*time.Second)
	if o.Binary == "" {
		path, err := Find()
		if err != nil {
			return nil, err
		}
		o.Binary = path
	}
	var err error
	for range startTries {
		s := &Server{options: o}
		if err = s.choosePorts(); err != nil {
			return nil, err
		}
		if err = s.start(ctx); err == nil {
			return s, nil
		}
		if ctx.Err() != nil || !errors.Is(err, errEnded) {
			break
		}
	}
	return nil, err
}

func (s *Server) choosePorts() (err error) {
	if s.options.Port == 0 {
		if s.options.Port, err = FreePort(); err != nil {
			return err
		}
	}
	if s.options.UI && s.options.UIPort == 0 {
		s.options.UIPort, err = FreePort()
	}
	return err
}

func (s *Server) start(ctx context.Context) error {
	log, closeLog, err := s.options.open()
	if err != nil {
		return err
	}
	s.tail, s.close = &tail{}, closeLog
	database, err := s.options.claimDatabase()
	if err != nil {
		return errors.Join(err, s.closeLog())
	}
	output := io.MultiWriter(s.tail, log)
	process, err := child.Start(child.Command{
		Path: s.options.Binary, Args: s.options.args(), Env: environment(),
		Stdout: output, Stderr: output,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("dev server: %w", err), database.giveUp(), s.closeLog())
	}
	s.process = process
	if err := s.await(ctx); err != nil {
		err = errors.Join(err, s.Kill(), database.giveUp())
		return fmt.Errorf("dev server on %s: %w; its output ends with:\n%s", s.Address(), err, s.tail)
	}
	if err := database.keep(); err != nil {
		return errors.Join(err, s.Kill())
	}
	return nil
}

// Address of gRPC: host and port.
func (s *Server) Address() string { return fmt.Sprintf("%s:%d", host, s.options.Port) }

// UIURL is the address of the Web UI; "" without one.
func (s *Server) UIURL() string {
	if !s.options.UI {
		return ""
	}
	return fmt.Sprintf("http://%s:%d", host, s.options.UIPort)
}

// Env are the variables that point a Temporal client at the server.
func (s *Server) Env() []string {
	return []string{"TEMPORAL_ADDRESS=" + s.Address(), "TEMPORAL_NAMESPACE=" + Namespace}
}

// Dial connects a client to the server's namespace; address and namespace of
// the options are overwritten.
func (s *Server) Dial(o client.Options) (client.Client, error) {
	o.HostPort, o.Namespace = s.Address(), Namespace
	c, err := client.Dial(o)
	if err != nil {
		return nil, fmt.Errorf("connect to the dev server on %s: %w", s.Address(), err)
	}
	return c, nil
}

// Pid is the server's process id.
func (s *Server) Pid() int { return s.process.Pid() }

// Done is closed when the server's process has ended, whatever ended it. After a
// Restart it is another channel.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Stop ends the server; one that has ended is no error.
func (s *Server) Stop() error {
	return errors.Join(s.process.Stop(s.options.StopGrace), s.closeLog())
}

// EnvOver is an environment in which Temporal's variables point at the server,
// and nothing points elsewhere: neither variables nor the user's TOML file.
func (s *Server) EnvOver(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, "TEMPORAL_") })
	return append(append(env, "TEMPORAL_CONFIG_FILE="+os.DevNull), s.Env()...)
}

// Kill ends the server with SIGKILL, as a crash would.
func (s *Server) Kill() error {
	return errors.Join(s.process.Kill(), s.closeLog())
}

func (s *Server) closeLog() error {
	closing := s.close
	s.close = func() error { return nil }
	return closing()
}

// Restart stops the server if it runs, and starts it again on the same ports
// and, with a Dir, on the same database.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	var err error
	for range startTries {
		if err = s.start(ctx); err == nil || ctx.Err() != nil || !errors.Is(err, errEnded) {
			break
		}
	}
	return err
}
