package stand

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"

	"github.com/reembed/reembed/starter/child"
)

// Build builds programs of this module's cmd folder into dir. The working folder
// has to be in the module.
func Build(ctx context.Context, dir string, names ...string) error {
	args := []string{"build", "-o", dir}
	for _, name := range names {
		args = append(args, "github.com/reembed/reembed/cmd/"+name)
	}
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("build %v: %w: %s", names, err, out)
	}
	return nil
}

// Command is a program with its arguments, and where it runs.
type Command struct {
	Path string
	Args []string
	Dir  string
	Env  []string
}

// Run runs a program to its end, and returns what it printed on either output,
// and its exit code. An error means that it did not run at all.
func Run(ctx context.Context, c Command) (out string, code int, err error) {
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Env, cmd.Dir = c.Env, c.Dir
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err = cmd.Run()
	if cmd.ProcessState == nil {
		return both.String(), 0, fmt.Errorf("run %s: %w", c.Path, err)
	}
	return both.String(), cmd.ProcessState.ExitCode(), nil
}

// Start starts a program that runs until it is stopped or killed. What it prints
// goes to the stand's log; env comes over the stand's own.
func (s *Stand) Start(path string, env ...string) (*child.Process, error) {
	return child.Start(child.Command{Path: path, Env: slices.Concat(s.Env, env), Stdout: s.Log, Stderr: s.Log})
}
