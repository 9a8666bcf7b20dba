package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/devserver"
	"github.com/reembed/reembed/workflows"
)

// readme returns all shell commands of a section of the README, in their order,
// whole, with continued lines joined.
func readme(t *testing.T, section string) []string {
	t.Helper()
	raw, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(raw), "\n## "+section+"\n")
	require.True(t, found, "the README has no section %q", section)
	text, _, _ = strings.Cut(text, "\n## ")
	joined := regexp.MustCompile(`\s*\\\n\s*`).ReplaceAllString(text, " ")
	var commands []string
	for _, m := range regexp.MustCompile(`(?m)^\$ (.+)$`).FindAllStringSubmatch(joined, -1) {
		commands = append(commands, m[1])
	}
	require.NotEmpty(t, commands, "section %q of the README shows no command", section)
	return commands
}

// the returns the one command that begins with the words.
func the(t *testing.T, commands []string, words string) string {
	t.Helper()
	var found []string
	for _, c := range commands {
		if strings.HasPrefix(c, words) {
			found = append(found, c)
		}
	}
	require.Len(t, found, 1, "commands of the README that begin with %q", words)
	return found[0]
}

// TestOwnData runs the section of the README as a reader would: in a checkout, in
// one shell, and from `reembed dev` on in a second one.
func TestOwnData(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{items: 1})
	r.env = append(r.env, "REEMBED_CATALOG=") // as in a terminal: the one of the folder
	r.dir = checkout(t)
	own := filepath.Join(filepath.Dir(r.dir), "try-reembed")

	commands := readme(t, "Your own data")
	require.Equal(t, "make build temporal", commands[0]) // checkout did
	dev := slices.Index(commands, "reembed dev")
	require.Positive(t, dev, "the README does not say how to start a server and a worker")
	before, after := commands[1:dev], commands[dev+1:]
	begin := fmt.Sprintf("set -ex\nPATH=%q\n", os.Getenv("PATH")) // the README itself says how it is found
	out, code := r.shell(begin + strings.Join(before, "\n"))
	require.Zero(t, code, out)
	require.Contains(t, out, "imported  5 items into docs")

	// The rig runs the server of `reembed dev` (see dev.txtar), and here is its worker.
	r.worker("REEMBED_CATALOG=" + filepath.Join(own, "reembed.yaml"))
	path := the(t, before, "export PATH=") // "with the same PATH"
	out, code = r.shell(fmt.Sprintf("%s%s\ncd %q\n%s", begin, path, own, strings.Join(after, "\n")))
	require.Zero(t, code, out)
	require.Contains(t, out, "nothing missing, extra, stale or of another model")

	s, err := r.client.Status(t.Context(), starter.Handle{ID: "move-docs"})
	require.NoError(t, err)
	require.Equal(t, workflows.Completed, s.State)
	r.dir = own
	r.everyVectorIsRight("docs", "large")
}

// checkout is a folder like one in which `make build temporal` was run, as far as
// the README uses it.
func checkout(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "reembed")
	require.NoError(t, os.CopyFS(filepath.Join(dir, "docs", "example"), os.DirFS("../../docs/example")))
	bin := filepath.Join(dir, "bin")
	require.NoError(t, os.Mkdir(bin, 0o700))
	temporal, err := devserver.Find()
	require.NoError(t, err)
	for _, program := range []string{program("reembed"), program("reembed-worker"), temporal} {
		require.NoError(t, os.Symlink(program, filepath.Join(bin, filepath.Base(program))))
	}
	return dir
}
