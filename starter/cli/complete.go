package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/catalog/builtin"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/workflows"
)

// Bounds of what a person who pressed Tab waits for, and looks at.
const (
	completeWithin = 1500 * time.Millisecond
	completeJobs   = 50
)

// completes are the commands' functions for the shell. Where they can't find
// anything out - no catalog, no Temporal - they offer nothing, and say nothing:
// the line that is being typed is the person's.
func (a *app) completes(root *cobra.Command) {
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	arguments := map[string]cobra.CompletionFunc{
		"start": first(a.completeNamespaces), "plan": first(a.completeNamespaces),
		"search": first(a.completeNamespaces), "diff": first(a.completeNamespaces), "resolve": first(a.completeNamespaces),
		"conflicts": first(a.completeNamespaces), "soak": first(a.completeNamespaces),
		"rollback": first(a.completeNamespaces), "retire": first(a.completeNamespaces),
		"generations": first(a.completeNamespaces), "gc": first(a.completeNamespaces),
		"quarantine": first(a.completeNamespaces),
		"models":     first(a.completeModels),
		"status":     first(a.completeJobs(false)), "watch": first(a.completeJobs(true)), "cancel": first(a.completeJobs(true)),
		"cutover": first(a.completeJobs(true)),
		"import":  first(cobra.FixedCompletions([]string{"jsonl", "ndjson", "json"}, cobra.ShellCompDirectiveFilterFileExt)),
	}
	flags := map[string]cobra.CompletionFunc{
		"namespace":      a.completeNamespaces,
		"to":             a.completeModels,
		"from":           a.completeModels,
		"priority":       fixed(activities.Low, activities.Medium, activities.High, activities.Critical),
		"cutover":        fixed(activities.CutoverAuto, activities.CutoverManual),
		"state":          fixed(workflows.Pending, workflows.Running, workflows.Completed, workflows.Failed, workflows.Cancelled),
		"keep":           fixed(keepActive, keepFormer),
		"foreign-stamps": fixed(activities.StampsRefuse, activities.StampsStale),
		"output":         fixed(formatText, formatJSON),
		"catalog":        cobra.FixedCompletions([]string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt),
		"dir":            cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		"worker":         cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
	}
	for _, cmd := range append(root.Commands(), root) {
		if complete := arguments[cmd.Name()]; complete != nil {
			cmd.ValidArgsFunction = complete
		}
		for name, complete := range flags {
			if cmd.LocalFlags().Lookup(name) != nil {
				// It fails only for a flag that is not there, or has a function already.
				cobra.CheckErr(cmd.RegisterFlagCompletionFunc(name, complete))
			}
		}
	}
}

// first completes the first argument only.
func first(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, begun)
	}
}

// fixed completes words in the order given, and in any case of letters.
func fixed[T ~string](all ...T) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var found []cobra.Completion
		for _, word := range all {
			switch {
			case strings.HasPrefix(string(word), begun):
				found = append(found, string(word))
			case strings.HasPrefix(strings.ToLower(string(word)), begun):
				found = append(found, strings.ToLower(string(word)))
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

func (a *app) completeNamespaces(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	c := a.glance()
	return names(c.Namespaces, begun, func(ns catalog.Namespace) string {
		return "in store " + ns.Store + ", begins with " + ns.Model
	})
}

func (a *app) completeModels(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	c := a.glance()
	return names(c.Models, begun, func(m catalog.ModelSpec) string {
		return fmt.Sprintf("%s, %d dimensions", m.Embedder, m.Dimensions)
	})
}

// glance reads the catalog for its names alone: variables that are not set here,
// as secrets rarely are in a person's shell, keep no name back.
func (a *app) glance() *catalog.Catalog {
	c, err := catalog.Load(a.catalogFile(), func(name string) (string, bool) {
		if v, ok := a.env.LookupEnv(name); ok {
			return v, true
		}
		return "unset", true
	}, builtin.Drivers())
	if err != nil {
		return &catalog.Catalog{}
	}
	return c
}

func names[T any](entries map[string]T, begun string, describe func(T) string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if strings.HasPrefix(name, begun) {
			found = append(found, cobra.CompletionWithDesc(name, describe(entries[name])))
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeJobs offers ids of jobs, the latest first; with open those that are not
// over.
func (a *app) completeJobs(open bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
		defer cancel()
		c, err := a.connect(ctx)
		if err != nil {
			return nil, directive
		}
		defer c.Close()
		var found []cobra.Completion
		for s, err := range c.List(ctx, starter.ListFilter{}) {
			if err != nil || len(found) == completeJobs {
				break
			}
			if offered(s, begun, open) {
				found = append(found, cobra.CompletionWithDesc(s.Job, describeJob(s)))
			}
		}
		return found, directive
	}
}

// offered reports whether a job is one that may be meant.
func offered(s workflows.Status, begun string, open bool) bool {
	return strings.HasPrefix(s.Job, begun) && (!open || !s.State.Final())
}

// describeJob says in some words which job it is.
func describeJob(s workflows.Status) string {
	what := fmt.Sprintf("%s: %s, %s", s.Namespace, move(s.From, s.To), s.State)
	if !s.State.Final() {
		what += " (" + string(s.Phase) + ")"
	}
	return what + ", " + when(s.StartedAt)
}
