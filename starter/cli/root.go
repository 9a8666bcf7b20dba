package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/starter/cli/layout"
)

// Run is the program: it does what the arguments say and returns the exit code.
// args are without the program's name, env is "NAME=value" each.
func Run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{env: env, stdin: stdin, stdout: stdout, stderr: stderr, output: formatText}
	root := a.root()
	knowShells(root)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !a.begun {
		err = usageError{err} // cobra's own complaints about the command line
	}
	if err != nil {
		fmt.Fprintln(stderr, a.screen(stderr).Paint("Error:", layout.Bad), layout.EscapeLines(err.Error()))
		if errors.Is(err, errUsage) && !a.begun {
			fmt.Fprintf(stderr, "Run '%s --help' for usage.\n", cmd.CommandPath())
		}
	}
	return exitCode(err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "reembed",
		Short: "Move a live vector index from one embedding model to another",
		Long: `reembed moves a live vector index from one embedding model to another, and
loses nothing on the way: it copies, catches up, verifies and switches, as one
durable job on Temporal.`,
		Example: `  reembed dev                                     # Temporal dev server and worker
  reembed import docs.jsonl --namespace docs      # items, embedded with the namespace's model
  reembed start docs --to hashing-1024 --wait     # re-embed and switch
  reembed search docs "how do I read a file"`,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRun: func(*cobra.Command, []string) { a.begun = true },
	}
	f := root.PersistentFlags()
	f.VarP(&a.output, "output", "o", "how results are printed")
	f.BoolVar(&a.noColor, "no-color", false, "no colours on a terminal either; as NO_COLOR, or TERM=dumb")
	f.StringVar(&a.catalog, "catalog", "", "catalog file (default $REEMBED_CATALOG, else "+defaultCatalog+")")
	f.StringVar(&a.temporal.Address, "address", "", "Temporal's host:port (default $TEMPORAL_ADDRESS, else localhost:7233)")
	f.StringVar(&a.temporal.Namespace, "temporal-namespace", "", "Temporal's namespace (default $TEMPORAL_NAMESPACE, else default)")
	f.StringVar(&a.temporal.Profile, "profile", "", "profile of Temporal's TOML file (default $TEMPORAL_PROFILE)")
	f.StringVar(&a.temporal.WebUI, "web-ui", "", "address of Temporal's Web UI, for links (default $REEMBED_WEB_UI, else guessed)")
	root.AddGroup(
		&cobra.Group{ID: groupJobs, Title: "Jobs:"},
		&cobra.Group{ID: groupData, Title: "Data:"},
		&cobra.Group{ID: groupMore, Title: "More:"},
	)
	root.SetHelpCommandGroupID(groupMore)
	root.SetCompletionCommandGroupID(groupMore)
	root.AddCommand(
		a.startCommand(), a.statusCommand(), a.listCommand(), a.watchCommand(), a.cancelCommand(), a.queueCommand(),
		a.importCommand(), a.searchCommand(), a.diffCommand(), a.conflictsCommand(), a.resolveCommand(), a.modelsCommand(), a.catalogCommand(),
		a.cutoverCommand(), a.soakCommand(), a.rollbackCommand(), a.retireCommand(),
		a.generationsCommand(), a.gcCommand(),
		a.quarantineCommand(),
		a.planCommand(),
		a.devCommand(), a.versionCommand(),
		&cobra.Command{Use: "exit-codes", Short: "The exit codes", Long: exitTopic()}, environmentCommand(),
	)
	root.InitDefaultHelpCmd()
	a.completes(root)
	if help, _, err := root.Find([]string{"help"}); err == nil {
		help.Args = knownTopic
	}
	return root
}

// knowShells has `completion` refuse what is no shell: cobra would print its help
// to stdout, for the shell to read, and end with 0.
func knowShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args, completion.RunE = cobra.NoArgs, needsCommand
	}
}

// knownTopic refuses to help with what is not there: cobra would print the help
// of everything, and end with 0.
func knownTopic(help *cobra.Command, args []string) error {
	topic, rest, err := help.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("unknown command %q for %q", rest[0], topic.CommandPath())
	}
	return err
}

// The groups of commands in the help.
const (
	groupJobs = "jobs"
	groupData = "data"
	groupMore = "more"
)

// needsCommand is run when a command that only groups others stands alone.
func needsCommand(cmd *cobra.Command, _ []string) error {
	return usage("%s needs a command: see '%s --help'", cmd.CommandPath(), cmd.CommandPath())
}

// needs are the arguments that a command takes, all of them.
func needs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return fmt.Errorf("%s needs %s", cmd.CommandPath(), names[len(args)])
		case len(args) > len(names):
			return fmt.Errorf("%s takes %s only: %q is too much (put quotes around what has spaces)",
				cmd.CommandPath(), strings.Join(names, " and "), args[len(names)])
		}
		return nil
	}
}
