package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// parse reads a command line as the program would, and does not run it.
func parse(line string) error {
	a := &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, output: formatText}
	root := a.root()
	root.InitDefaultCompletionCmd() // Execute would
	cmd, rest, err := root.Find(words(line)[1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// words are those of a command up to a comment, a pipe or a redirection.
func words(line string) []string {
	var found []string
	for _, w := range regexp.MustCompile(`"[^"]*"|'[^']*'|[^\s"']+`).FindAllString(line, -1) {
		if strings.ContainsAny(w[:1], "#|<>&;") {
			break
		}
		found = append(found, strings.Trim(w, `"'`))
	}
	return found
}

// Each example of the help is a command that the program takes.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		cobras := cmd.Name() == "help" || strings.Contains(cmd.CommandPath(), " completion")
		if cmd.Runnable() && !cobras {
			require.NotEmpty(t, cmd.Example, "%s has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			if _, command, found := strings.Cut(line, "reembed "); found {
				require.NoError(t, parse("reembed "+command), "the example of %s: %s", cmd.CommandPath(), line)
			}
		}
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	look((&app{output: formatText}).root())
}

// Each command that a document, the help or a message names is there, with its flags.
func TestCommandsThatAreNamedAreThere(t *testing.T) {
	t.Parallel()
	named := 0
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "*.go", "../*.go"} {
		found, err := filepath.Glob(filepath.FromSlash(pattern))
		require.NoError(t, err)
		for _, file := range found {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			quotes := "`(reembed [^`\n]+)`"
			if strings.HasSuffix(file, ".go") {
				quotes = `'(reembed [^'\n]+)'`
			}
			for _, m := range regexp.MustCompile(quotes).FindAllStringSubmatch(string(raw), -1) {
				named++
				require.NoError(t, there(m[1]), "%s names '%s'", file, m[1])
			}
		}
	}
	require.Greater(t, named, 20)
}

// there allows for less than a whole command line: `reembed start`.
func there(line string) error {
	err := parse(strings.NewReplacer("%s", "x", "...", "").Replace(line))
	if errors.Is(err, pflag.ErrHelp) || err != nil && strings.Contains(err.Error(), " needs ") {
		return nil
	}
	return err
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	require.NoError(t, parse(`reembed search docs "how do I" -k 2 -o json | jq .hits`))
	for _, line := range []string{"reembed serch docs x", "reembed search docs x --fast", "reembed search docs", "reembed queue limit"} {
		require.Error(t, parse(line), line)
	}
}
