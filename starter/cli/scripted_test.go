package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// Each command is run by a script, both well and to an error, and each of its
// flags is given once: a command without a script is one that nobody tried. A
// script begins with what it guards.
func TestEveryCommandHasAScript(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var well, badly []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(raw), "# "), "%s does not begin with what it guards", file)
		for _, m := range regexp.MustCompile(`(?m)^exits (\d+) (.*)$`).FindAllStringSubmatch(string(raw), -1) {
			if m[1] == "0" {
				well = append(well, m[2])
			} else {
				badly = append(badly, m[2])
			}
		}
		for _, m := range regexp.MustCompile(`(?m)^(?:exec |exec sh -c '(?:exec )?)reembed (.*)$`).FindAllStringSubmatch(string(raw), -1) {
			well = append(well, m[1])
		}
	}
	all := slices.Concat(well, badly)
	for _, cmd := range runnable((&app{output: formatText}).root()) {
		require.True(t, has(well, path(cmd), ""), "no script has %s end well", path(cmd))
		require.True(t, has(badly, path(cmd), ""), "no script has %s end with an error", path(cmd))
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			given := has(all, path(cmd), "--"+f.Name) || (f.Shorthand != "" && has(all, path(cmd), "-"+f.Shorthand+" "))
			require.True(t, given || f.Name == "help", "no script gives %s the flag --%s", path(cmd), f.Name)
		})
	}
}

// has reports whether one of the command lines is of the command, and has the flag.
func has(lines []string, command, flag string) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		return strings.HasPrefix(line+" ", command+" ") && strings.Contains(line+" ", flag)
	})
}
