package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// variables are all that the program reads of its environment, in the order of
// the help; beside the ${NAME} of the catalog.
var variables = []struct{ name, meaning string }{
	{"REEMBED_CATALOG", "the catalog's file, where --catalog names none; else " + defaultCatalog},
	{"REEMBED_WEB_UI", "address of Temporal's Web UI, for links; else guessed from Temporal's"},
	{"REEMBED_BATCH_SIZE", "of plan: the workers' inputs of one embedding request; else 100"},
	{"REEMBED_JOB_TIMEOUT_SECONDS", "of plan: the workers' bound on a job's running time; else 3600"},
	{"TEMPORAL_ADDRESS", "Temporal's host:port; else localhost:7233"},
	{"TEMPORAL_NAMESPACE", "Temporal's namespace; else default"},
	{"TEMPORAL_PROFILE", "profile of Temporal's TOML file; else default"},
	{"TEMPORAL_CONFIG_FILE", "that file; else where the temporal CLI keeps it"},
	{"TEMPORAL_*", "all else that the temporal CLI reads: TEMPORAL_API_KEY, TEMPORAL_TLS, ..."},
	{"USER", "who says so, of quarantine --waive and cutover, where --by names nobody"},
	{"NO_COLOR", "set to anything: no colours, as with --no-color"},
	{"TERM", "dumb: no colours, and progress in plain lines"},
}

func environmentCommand() *cobra.Command {
	return &cobra.Command{Use: "environment", Short: "The environment variables", Long: environmentTopic()}
}

// environmentTopic is the text of `reembed help environment`.
func environmentTopic() string {
	var b strings.Builder
	b.WriteString("reembed reads these variables. A flag that is given counts more.\n\n")
	for _, v := range variables {
		fmt.Fprintf(&b, "  %-28s %s\n", v.name, v.meaning)
	}
	b.WriteString("\nThe catalog names others as ${NAME}: those of its secrets.\n")
	return b.String()
}
