package reembed_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// accounted says, of each shell command that a document shows in a block, which
// test runs it as it stands there, or why none does.
var accounted = []struct {
	file, section string // "": any section
	words         string // that the command begins with; the longest ones count
	test, reason  string // one of them
}{
	{file: "README.md", section: "Sixty seconds", words: "git clone ", reason: "needs a network; the tests run in what it fetches"},
	{file: "README.md", section: "Sixty seconds", words: "make demo", reason: "runs the program that TestDemo runs, until Ctrl-C"},
	{file: "README.md", section: "Your own data", words: "make build temporal", reason: "builds into bin/ what the end-to-end tests build elsewhere"},
	{file: "README.md", section: "Your own data", words: "export PATH=", test: "TestOwnData"},
	{file: "README.md", section: "Your own data", words: "cp -r docs/example ", test: "TestOwnData"},
	{file: "README.md", section: "Your own data", words: "reembed ", test: "TestOwnData"},
	{file: "README.md", section: "Your own data", words: "reembed dev", test: "TestOwnData"},
	{file: "README.md", section: "Jobs with the plain `temporal` CLI", words: "temporal workflow ", test: "TestPlainTemporalCLI"},
	{file: "README.md", section: "Cutting over by hand", words: "reembed ", test: "TestManualCutover"},
	{file: "README.md", section: "Cutting over by hand", words: "temporal workflow ", test: "TestManualCutover"},

	{file: "docs/cli.md", words: "reembed ", reason: "examples of the help with made-up names: TestExamplesParse has the program take them"},
	{file: "docs/cli.md", words: "zcat docs.jsonl.gz | reembed import ", reason: "such an example, too; import-stdin.txtar does the same"},
	{file: "docs/cli.md", section: "Completion", words: "source <(reembed completion bash)", test: "TestScripts"}, // completion.txtar
	{file: "docs/cli.md", section: "Completion", words: "source <(reembed completion zsh)", reason: "another shell; completion.txtar has it print its program"},
	{file: "docs/cli.md", section: "Completion", words: "reembed completion ", reason: "other shells; completion.txtar has each print its program"},
}

// shellCommand is one of a document, with continued lines joined.
type shellCommand struct{ section, text string }

var (
	fence      = regexp.MustCompile("^\\s*```\\s*(\\S*)")
	shells     = []string{"console", "shell", "shell-session", "sh", "bash", "zsh"}
	aProgram   = regexp.MustCompile(`^(reembed|reembed-worker|reembed-demo|temporal|make|go|git|curl|docker|kubectl|helm|sqlite3|promtool|export) `)
	continued  = regexp.MustCompile(`\s*\\\n\s*`)
	unlabelled = []string{"", "text"}
)

// shellCommands are the commands in the fenced blocks of a document: what stands
// behind a prompt, and in a block that is said or seen to be of a shell and has no
// prompts, each line.
func shellCommands(document string) []shellCommand {
	var found []shellCommand
	var section, label string
	var block []string
	inside := false
	for line := range strings.Lines(continued.ReplaceAllString(document, " ")) {
		line = strings.TrimRight(line, "\r\n")
		m := fence.FindStringSubmatch(line)
		switch {
		case m != nil && !inside:
			inside, label, block = true, m[1], nil
		case m != nil:
			inside = false
			for _, c := range commandsOf(label, block) {
				found = append(found, shellCommand{section, c})
			}
		case inside:
			block = append(block, strings.TrimSpace(line))
		case strings.HasPrefix(line, "#"):
			section = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	return found
}

func commandsOf(label string, block []string) []string {
	shell := slices.Contains(shells, label)
	if !shell && !slices.Contains(unlabelled, label) {
		return nil
	}
	var prompted, bare []string
	for _, line := range block {
		if c, ok := strings.CutPrefix(line, "$ "); ok {
			prompted = append(prompted, c)
		} else if line != "" && !strings.HasPrefix(line, "#") && (shell || aProgram.MatchString(line)) {
			bare = append(bare, line)
		}
	}
	if len(prompted) > 0 {
		return prompted // the rest is what they print
	}
	return bare
}

// A command that a document shows is run by a test, or listed with the reason
// why not; what is listed is there.
func TestEveryShownCommandIsAccountedFor(t *testing.T) {
	t.Parallel()
	declared := tests(t)
	used := make([]bool, len(accounted))
	for file, content := range files(t, ".md") {
		for _, c := range shellCommands(string(content)) {
			best := -1
			for i, a := range accounted {
				fits := filepath.FromSlash(a.file) == file && (a.section == "" || a.section == c.section) && strings.HasPrefix(c.text, a.words)
				if fits && (best < 0 || len(a.words) > len(accounted[best].words)) {
					best = i
				}
			}
			if best < 0 {
				t.Errorf("%s, %q: no test runs %q: have one run it, and list it in accounted", file, c.section, c.text)
				continue
			}
			used[best] = true
		}
	}
	for i, a := range accounted {
		if !used[i] {
			t.Errorf("%s, %q shows no command %q any more", a.file, a.section, a.words)
		}
		if a.test != "" && !declared[a.test] {
			t.Errorf("%s, %q: %s, that is to run it, is no test", a.file, a.words, a.test)
		}
		require.NotEqual(t, a.test == "", a.reason == "", "%s, %q: a test, or a reason why none", a.file, a.words)
	}
}

// Targets that documents and the Makefile's readers are told of are there.
func TestShownMakeTargetsAreThere(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("Makefile")
	require.NoError(t, err)
	target := regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	var targets []string
	for _, m := range target.FindAllSubmatch(makefile, -1) {
		targets = append(targets, string(m[1]))
	}
	named := 0
	for file, content := range files(t, ".md") {
		for _, m := range regexp.MustCompile("(?m)(?:`|^\\s*\\$ )make ([a-z][a-z -]*)").FindAllSubmatch(content, -1) {
			for name := range strings.FieldsSeq(string(m[1])) {
				named++
				if !slices.Contains(targets, name) {
					t.Errorf("%s shows make %s, which the Makefile does not have", file, name)
				}
			}
		}
	}
	require.Greater(t, named, 10)
}

func TestShellCommandsAreFound(t *testing.T) {
	t.Parallel()
	found := shellCommands("# One\n\n```console\n$ a b \\\n    c\nprinted\n$ d\n```\n\n$ outside\n\n## Two\n\n- deep\n\n  ```sh\n  # said\n  e f\n  ```\n\n" +
		"```\nreembed list\nsomething else\n```\n```yaml\n$ no\n```\n```\n  source ---> target\n```\n")
	require.Equal(t, []shellCommand{{"One", "a b c"}, {"One", "d"}, {"Two", "e f"}, {"Two", "reembed list"}}, found)
}
