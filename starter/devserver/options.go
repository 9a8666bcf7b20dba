package devserver

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Namespace is the Temporal namespace that every dev server has.
const Namespace = "default"

const host = "127.0.0.1"

// Options say how the server runs. The zero value is a server that keeps
// everything in memory, on a free port, without the Web UI.
type Options struct {
	// Binary is the temporal CLI; "": what [Find] finds.
	Binary string
	// Dir keeps the database, temporal.db, and the log, temporal.log; it is made
	// when it is missing. "": all is in memory, and gone after a stop.
	Dir    string
	Port   int  // of gRPC; 0: a free one
	UI     bool // serve the Web UI
	UIPort int  // 0: a free one
	// Log takes the server's output. nil: the log of Dir, or nowhere.
	Log io.Writer
	// Args are further flags of `temporal server start-dev`, such as
	// --search-attribute NAME=TYPE.
	Args []string
	// StopGrace is how long Stop waits before it kills; 10 s.
	StopGrace time.Duration
}

func (o Options) database() string { return filepath.Join(o.Dir, "temporal.db") }

func (o Options) args() []string {
	args := []string{
		"server", "start-dev", "--ip", host, "--port", strconv.Itoa(o.Port),
		"--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000",
		"--dynamic-config-value", "matching.useNewMatcher=true",
	}
	if o.Dir != "" {
		args = append(args, "--db-filename", o.database(),
			"--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL")
	}
	if o.UI {
		args = append(args, "--ui-ip", host, "--ui-port", strconv.Itoa(o.UIPort))
	} else {
		args = append(args, "--headless")
	}
	return append(args, o.Args...)
}

// environment is the parent's without the variables that point a temporal CLI
// at another server or profile.
func environment() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "TEMPORAL_") {
			env = append(env, kv)
		}
	}
	return env
}

// open makes the folder and says where the output goes; the closer is not nil.
func (o Options) open() (io.Writer, func() error, error) {
	nothing := func() error { return nil }
	if o.Dir != "" {
		if err := os.MkdirAll(o.Dir, 0o755); err != nil {
			return nil, nil, fmt.Errorf("folder of the dev server: %w", err)
		}
	}
	switch {
	case o.Log != nil:
		return o.Log, nothing, nil
	case o.Dir == "":
		return io.Discard, nothing, nil
	}
	f, err := os.OpenFile(filepath.Join(o.Dir, "temporal.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("log of the dev server: %w", err)
	}
	return f, f.Close, nil
}
