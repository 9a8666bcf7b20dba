package reembed_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// surroundings make a file of the Go that a document shows.
var surroundings = map[string]string{
	filepath.Join("docs", "reading-the-route.md"): `package shown

import (
	"context"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/route"
	"github.com/reembed/reembed/backends/stores/sqlite"
)

func search(ctx context.Context, query string, embed func(model, text string) []float32, show func([]backends.Hit)) error {
	// shown
	show(hits)
	return nil
}
`,
	"CONTRIBUTING.md": `package shown

import (
	"testing"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/backendtest"
)

var newPlace = backendtest.Harness[backends.Index]{}.New

// shown
`,
}

// The Go that documents show compiles.
func TestShownGoCompiles(t *testing.T) {
	t.Parallel()
	seen := 0
	for file, content := range files(t, ".md") {
		for _, m := range regexp.MustCompile("(?ms)^ *```go\n(.*?)^ *```").FindAllSubmatch(content, -1) {
			around, ok := surroundings[file]
			require.True(t, ok, "%s shows Go: say in surroundings what it stands in", file)
			seen++
			path := filepath.Join(t.TempDir(), "shown.go")
			require.NoError(t, os.WriteFile(path, []byte(strings.Replace(around, "// shown\n", string(m[1]), 1)), 0o600))
			out, err := exec.CommandContext(t.Context(), "go", "vet", path).CombinedOutput()
			require.NoError(t, err, "%s: %s", file, out)
		}
	}
	require.Equal(t, len(surroundings), seen)
}
