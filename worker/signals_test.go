package worker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/child"
)

// The test binary plays programs that get signals: this variable says which.
const role = "REEMBED_WORKER_TEST_ROLE"

func TestMain(m *testing.M) {
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "graceful":
		os.Exit(untilSignals(context.Background(), log, func(ctx context.Context) int {
			fmt.Println("ready")
			<-ctx.Done()
			return 7
		}))
	case "stuck":
		os.Exit(untilSignals(context.Background(), log, func(ctx context.Context) int {
			fmt.Println("ready")
			<-ctx.Done()
			fmt.Println("stopping for ever")
			select {}
		}))
	}
}

// play starts the test binary in a role; its lines of output come one by one.
func play(t *testing.T, as string) (*child.Process, *bufio.Scanner) {
	t.Helper()
	r, w := io.Pipe()
	p, err := child.Start(child.Command{Path: os.Args[0], Env: append(os.Environ(), role+"="+as), Stdout: w, Stderr: w})
	require.NoError(t, err)
	go func() {
		<-p.Done()
		w.Close()
	}()
	t.Cleanup(func() { require.NoError(t, p.Kill()) })
	return p, bufio.NewScanner(r)
}

func line(t *testing.T, out *bufio.Scanner, contains string) {
	t.Helper()
	for out.Scan() {
		if strings.Contains(out.Text(), contains) {
			return
		}
	}
	require.Fail(t, "no line with "+contains)
}

func drain(out *bufio.Scanner) {
	for out.Scan() {
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p, out := play(t, "graceful")
			line(t, out, "ready")
			require.NoError(t, p.Signal(sig))
			drain(out)
			require.Error(t, p.Wait())
			require.Equal(t, 7, p.ExitCode(), "the first signal lets the work end by itself")

			p, out = play(t, "stuck")
			line(t, out, "ready")
			require.NoError(t, p.Signal(sig))
			line(t, out, "stopping for ever")
			require.NoError(t, p.Signal(sig))
			line(t, out, "a second signal")
			drain(out)
			require.Error(t, p.Wait())
			require.Equal(t, ExitInterrupted, p.ExitCode())
		})
	}
}
