package child_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter/child"
)

// The test binary plays the children: this variable says which.
const role = "REEMBED_CHILD_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "exit-3":
		fmt.Println("out")
		fmt.Fprintln(os.Stderr, "err")
		os.Exit(3)
	case "sleep":
		fmt.Println("ready")
		select {}
	case "polite":
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		fmt.Println("ready")
		<-stop
		os.Exit(0)
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		select {}
	case "parent":
		parent()
	}
}

// parent starts a child of its own, tells its pid, and waits to be killed.
func parent() {
	p, err := child.Start(command("deaf", nil))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.Pid())
	select {}
}

func command(as string, stdout io.Writer) child.Command {
	return child.Command{Path: os.Args[0], Env: append(os.Environ(), role+"="+as), Stdout: stdout, Stderr: os.Stderr}
}

// start returns a child that has said its first line, and the line.
func start(t *testing.T, as string) (*child.Process, string) {
	t.Helper()
	r, w := io.Pipe()
	p, err := child.Start(command(as, w))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Kill())
		require.NoError(t, w.Close())
	})
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	go io.Copy(io.Discard, r) // ends with the pipe
	return p, strings.TrimSpace(line)
}

func TestExitCodeAndOutput(t *testing.T) {
	t.Parallel()
	var out, errOut strings.Builder
	c := command("exit-3", &out)
	c.Stderr = &errOut
	p, err := child.Start(c)
	require.NoError(t, err)
	require.Error(t, p.Wait())
	require.Equal(t, 3, p.ExitCode())
	require.Equal(t, "out\n", out.String())
	require.Equal(t, "err\n", errOut.String())
	require.NoError(t, p.Signal(syscall.SIGTERM), "a signal to an ended child")
	require.NoError(t, p.Kill())
	require.NoError(t, p.Stop(time.Second))
}

func TestStartOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := child.Start(child.Command{Path: "/nowhere/at-all"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "/nowhere/at-all")
}

func TestStopIsPolite(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "polite")
	require.True(t, p.Running())
	require.Zero(t, p.CPU(), "not known yet")
	require.NoError(t, p.Stop(time.Minute))
	require.False(t, p.Running())
	require.Positive(t, p.CPU())
	require.Equal(t, 0, p.ExitCode())
}

func TestStopKillsWhoDoesNotListen(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "deaf")
	require.ErrorContains(t, p.Stop(50*time.Millisecond), "was killed")
	require.False(t, p.Running())
}

func TestKill(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "deaf")
	require.NoError(t, p.Kill())
	require.False(t, p.Running())
	require.Equal(t, -1, p.ExitCode())
}

// A signal to the parent's group, as Ctrl-C in a terminal sends it, must not
// reach the child.
func TestChildLeadsItsOwnGroup(t *testing.T) {
	t.Parallel()
	p, _ := start(t, "sleep")
	group, err := syscall.Getpgid(p.Pid())
	require.NoError(t, err)
	require.Equal(t, p.Pid(), group)
}

// Guards the thread that holds the parent-death signal as well: without it the
// child dies early, or not at all.
func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	p, line := start(t, "parent")
	pid, err := strconv.Atoi(line)
	require.NoError(t, err, line)
	require.NoError(t, syscall.Kill(pid, 0), "the grandchild lives")
	require.NoError(t, p.Signal(syscall.SIGKILL))
	require.Error(t, p.Wait())
	require.Eventually(t, func() bool { return gone(pid) }, 10*time.Second, 10*time.Millisecond)
}

// gone: ended, or a zombie that nobody reaps.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(after, "Z")
}
