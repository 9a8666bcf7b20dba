package child

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Command is what is run.
type Command struct {
	Path string   // of the program, as exec.Command takes it
	Args []string // without the program's name
	Env  []string // nil: the parent's own
	Dir  string   // "": the parent's own
	// Stdout and Stderr take the output; nil discards it. A writer that is both
	// is written by one goroutine at a time.
	Stdout, Stderr io.Writer
}

// outputDelay bounds the wait for output that a grandchild holds open.
const outputDelay = 2 * time.Second

// Process is a started child. Its methods are safe for concurrent use.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait; to be read once done is closed
}

// Start starts the program and returns at once. The child lives until it ends
// by itself, is stopped or killed, or this process ends.
func Start(c Command) (*Process, error) {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.Env, c.Dir, c.Stdout, c.Stderr
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = outputDelay
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	return p, nil
}

// run keeps the thread that started the child until the child has ended: the
// kernel's parent-death signal follows the thread, not the process.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// Pid is the child's process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended and its output is written.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait returns when the child has ended: nil after exit code 0, else what
// exec.Cmd.Wait returned.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Running reports whether the child has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// ExitCode of a child that has ended; -1 while it runs and after a signal.
func (p *Process) ExitCode() int {
	if p.Running() {
		return -1
	}
	return p.cmd.ProcessState.ExitCode()
}

// CPU is the processor time, in user and system mode, that a child took which
// has ended; 0 while it runs.
func (p *Process) CPU() time.Duration {
	if p.Running() {
		return 0
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// Signal sends a signal to the child alone. One that has ended is no error.
func (p *Process) Signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s to process %d: %w", s, p.Pid(), err)
	}
	return nil
}

// Stop asks the child to end with SIGTERM, kills it when it has not within the
// grace, and returns once it is gone: nil when it ended by itself, with
// whatever exit code.
func (p *Process) Stop(grace time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
	}
	if err := p.Kill(); err != nil {
		return err
	}
	return fmt.Errorf("process %d did not end within %s and was killed", p.Pid(), grace)
}

// Kill ends the child and what it started with SIGKILL, and returns once it is
// gone. One that has ended is no error.
func (p *Process) Kill() error {
	if !p.Running() {
		return nil
	}
	// The group still has its leader, or its zombie, as Wait has not returned.
	if err := syscall.Kill(-p.Pid(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process group %d: %w", p.Pid(), err)
	}
	<-p.done
	return nil
}
