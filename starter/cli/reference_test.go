package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

var renewDocs = flag.Bool("renew-docs", false, "write docs/cli.md anew; see `make docs`")

// reference is the page that is made from the commands.
var reference = filepath.Join("..", "..", "docs", "cli.md")

// The page says what the commands say.
func TestCommandReferenceIsFresh(t *testing.T) {
	t.Parallel()
	page := commandReference(t)
	if *renewDocs {
		require.NoError(t, os.WriteFile(reference, []byte(page), 0o644))
	}
	raw, err := os.ReadFile(reference)
	require.NoError(t, err)
	require.Equal(t, page, string(raw), "docs/cli.md is older than the commands: run `make docs`")
}

// contact is what a command is in touch with, and with it the variables that it
// reads; and the exit codes that it can end with beside 0, 2 and 130.
type contact struct {
	catalog, temporal bool
	more              []string // variables
	codes             []int
}

var contacts = map[string]contact{
	"cancel":        {temporal: true, codes: []int{1, 3, 4, 6, 7}},
	"catalog check": {catalog: true, codes: []int{1, 3, 4, 6, 7}},
	"cutover":       {temporal: true, codes: []int{1, 3, 4, 5, 6, 7}},
	"dev":           {catalog: true, codes: []int{1}},
	"diff":          {catalog: true, codes: []int{1, 3, 4, 6, 7}},
	"import":        {catalog: true, codes: []int{1, 3, 4, 6, 7}},
	"list":          {temporal: true, codes: []int{3, 4, 7}},
	"generations":   {catalog: true, temporal: true, codes: []int{1, 3, 4, 7}},
	"quarantine":    {catalog: true, temporal: true, codes: []int{1, 3, 4, 6, 7}},
	"gc":            {catalog: true, temporal: true, codes: []int{1, 3, 4, 6, 7}},
	"models":        {catalog: true, codes: []int{1, 3, 4, 7}},
	"plan":          {catalog: true, more: []string{"REEMBED_BATCH_SIZE", "REEMBED_JOB_TIMEOUT_SECONDS"}, codes: []int{1, 3, 4, 6, 7}},
	"queue":         {temporal: true, codes: []int{3, 4, 7}},
	"queue limit":   {temporal: true, codes: []int{3, 4, 7}},
	"conflicts":     {catalog: true, codes: []int{1, 3, 4, 6, 7}},
	"resolve":       {catalog: true, codes: []int{1, 3, 4, 7}},
	"retire":        {temporal: true, codes: []int{1, 3, 4, 6, 7}},
	"rollback":      {temporal: true, codes: []int{1, 3, 4, 6, 7}},
	"soak":          {temporal: true, codes: []int{1, 3, 4, 6, 7}},
	"search":        {catalog: true, codes: []int{1, 3, 4, 7}},
	"start":         {temporal: true, codes: []int{1, 3, 4, 5, 6, 7}},
	"status":        {temporal: true, catalog: true, codes: []int{1, 3, 4, 7}},
	"version":       {},
	"watch":         {temporal: true, codes: []int{1, 3, 4, 5, 7}},
}

// Each command is described, and nothing that is none.
func TestEveryCommandIsInTheReference(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, cmd := range runnable((&app{output: formatText}).root()) {
		seen = append(seen, path(cmd))
	}
	for name, c := range contacts {
		require.Contains(t, seen, name)
		for _, v := range c.more {
			require.Contains(t, environmentTopic(), v)
		}
		for _, code := range c.codes {
			require.NotEmpty(t, meaning(code))
		}
	}
	require.Len(t, contacts, len(seen))
}

// What the program reads of its environment is in the help.
func TestEveryVariableIsInTheHelp(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	inLayout, err := filepath.Glob("layout/*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range append(files, inLayout...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?:[eE]nv\.Get|getenv|LookupEnv)\("(\w+)"`).FindAllSubmatch(raw, -1) {
			found++
			require.Contains(t, environmentTopic(), "  "+string(m[1])+" ", "%s reads it", file)
		}
	}
	require.Greater(t, found, 5)
}

// runnable are the commands that do something, those below others included.
func runnable(root *cobra.Command) (found []*cobra.Command) {
	for _, cmd := range root.Commands() {
		switch {
		case cmd.Name() == "help" || cmd.Name() == "completion" || cmd.Hidden:
		case cmd.HasSubCommands():
			if cmd.Name() != "catalog" { // which only groups
				found = append(found, cmd)
			}
			found = append(found, runnable(cmd)...)
		case cmd.Runnable():
			found = append(found, cmd)
		}
	}
	return found
}

func path(cmd *cobra.Command) string { return strings.TrimPrefix(cmd.CommandPath(), "reembed ") }

func commandReference(t *testing.T) string {
	t.Helper()
	root := (&app{output: formatText}).root()
	var b strings.Builder
	fmt.Fprintf(&b, "# The reembed command\n\n<!-- Made by `make docs` from the commands' own help. Change it there. -->\n\n")
	prose(&b, root.Long)
	b.WriteString("| command | |\n|---|---|\n")
	commands := runnable(root)
	slices.SortFunc(commands, func(a, b *cobra.Command) int { return strings.Compare(path(a), path(b)) })
	for _, cmd := range commands {
		fmt.Fprintf(&b, "| [`reembed %s`](#%s) | %s |\n", path(cmd), strings.ReplaceAll(cmd.CommandPath(), " ", "-"), cmd.Short)
	}
	b.WriteString("\nEach command has these flags beside its own:\n\n")
	block(&b, "text", root.PersistentFlags().FlagUsages())
	b.WriteString(`Results go to stdout, for people or, with ` + "`-o json`" + `, for programs; progress, notes and errors go to stderr, each error once.
On a terminal tables fit its width, and states have colours; in a pipe nothing is cut or coloured.

`)
	completion(&b)
	b.WriteString("## Environment\n\nA flag that is given counts more. The catalog names other variables, as `${NAME}`.\n\n| variable | |\n|---|---|\n")
	for _, v := range variables {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v.name, v.meaning)
	}
	b.WriteString("\n## Exit codes\n\n| code | |\n|---|---|\n")
	for _, code := range codes() {
		fmt.Fprintf(&b, "| %d | %s |\n", code, meaning(code))
	}
	b.WriteString("\n")
	for _, cmd := range commands {
		describe(&b, cmd)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func completion(b *strings.Builder) {
	b.WriteString("## Completion\n\nThe shell completes commands and flags, namespaces and models of the catalog, and jobs of Temporal:\n\n")
	block(b, "sh", `source <(reembed completion bash)          # with the package bash-completion; in ~/.bashrc for each shell
source <(reembed completion zsh)
reembed completion fish | source
reembed completion powershell | Out-String | Invoke-Expression`)
}

// describe writes the section of a command.
func describe(b *strings.Builder, cmd *cobra.Command) {
	c := contacts[path(cmd)]
	fmt.Fprintf(b, "## %s\n\n%s.\n\n", cmd.CommandPath(), cmd.Short)
	usage := strings.TrimSuffix(cmd.UseLine(), " [flags]")
	if cmd.HasLocalFlags() {
		usage += " [flags]"
	}
	block(b, "text", usage)
	prose(b, cmd.Long)
	if usages := cmd.LocalNonPersistentFlags().FlagUsages(); usages != "" {
		b.WriteString("Flags:\n\n")
		block(b, "text", usages)
	}
	b.WriteString("Examples:\n\n")
	block(b, "sh", unindent(cmd.Example))
	var names []string
	for _, v := range variables {
		of := strings.HasPrefix(v.name, "TEMPORAL_") || v.name == "REEMBED_WEB_UI"
		if (of && c.temporal) || (v.name == "REEMBED_CATALOG" && c.catalog) || slices.Contains(c.more, v.name) {
			names = append(names, "`"+v.name+"`")
		}
	}
	if len(names) > 0 {
		fmt.Fprintf(b, "Environment: %s.\n\n", strings.Join(names, ", "))
	}
	ends := append([]int{exitOK, exitUsage, exitInterrupted}, c.codes...)
	slices.Sort(ends)
	var texts []string
	for _, code := range ends {
		texts = append(texts, strconv.Itoa(code))
	}
	fmt.Fprintf(b, "Exit codes: %s; see [above](#exit-codes).\n\n", strings.Join(texts, ", "))
}

// prose writes the paragraphs of a text; those that are set in are code.
func prose(b *strings.Builder, text string) {
	if text == "" {
		return
	}
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(part, "  ") {
			block(b, "text", unindent(part))
			continue
		}
		b.WriteString(part + "\n\n")
	}
}

func block(b *strings.Builder, language, text string) {
	fmt.Fprintf(b, "```%s\n%s\n```\n\n", language, strings.Trim(text, "\n"))
}

func unindent(text string) string {
	return strings.ReplaceAll("\n"+strings.TrimLeft(text, "\n"), "\n  ", "\n")[1:]
}
