package e2e

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// payload is a value in a history, as `temporal workflow show -o json` prints it.
var payload = regexp.MustCompile(`"data": "([^"]*)"`)

// holdNoText fails when a history holds a word that only the items' texts have:
// ids and hashes are all that may travel.
func holdNoText(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	word := "tells of subject"
	require.Contains(t, lines("docs", 1), word)
	var ids bool
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(raw), word, file)
		for _, m := range payload.FindAllSubmatch(raw, -1) {
			value, err := base64.StdEncoding.DecodeString(string(m[1]))
			require.NoError(t, err, file)
			require.NotContains(t, string(value), word, file)
			ids = ids || strings.Contains(string(value), `"docs/0`)
		}
	}
	require.True(t, ids, "no payload holds an id: the payloads are not looked into")
}
