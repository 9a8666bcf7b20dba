package worker

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ value, text, want string }{
		"whole value":        {"canary-key", "refused: canary-key!", "refused: ${V}!"},
		"url":                {"postgres://u:canary-pw@h:5/d", "dial postgres://u:canary-pw@h:5/d", "dial ${V}"},
		"password of a url":  {"postgres://u:canary-pw@h:5/d", "user u, password canary-pw", "user u, password ${V}"},
		"escaped in the url": {"postgres://u:canary%2Fpw@h:5/d", "canary%2Fpw and canary/pw", "${V} and ${V}"},
		"keywords":           {"host=h password='canary pw' user=u", "with canary pw", "with ${V}"},
		"short values stay":  {"5432", "port 5432", "port 5432"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSecrets(environment{"V=" + c.value})
			got, ok := s.lookup("V")
			require.True(t, ok)
			require.Equal(t, c.value, got, "the catalog gets the value itself")
			require.Equal(t, c.want, s.redact(c.text))
		})
	}
}

type leaky struct{ DSN string }

// Whatever way a secret takes into a record, it does not come out.
func TestLogLetsNoSecretThrough(t *testing.T) {
	t.Parallel()
	const canary = "postgres://u:canary-pw@h/d"
	for _, format := range []string{"text", "json"} {
		s := newSecrets(environment{"DSN=" + canary, "TEMPORAL_API_KEY=canary-api-key"})
		s.lookup("DSN")
		var out bytes.Buffer
		log, closer, err := newLogger(Log{Format: format, Level: "debug"}, &out, s)
		require.NoError(t, err)
		log.With("with", canary).WithGroup("g").Info("message of canary-pw",
			"string", "x "+canary, "error", fmt.Errorf("open: %w", errors.New("canary-pw")),
			"struct", leaky{canary}, slog.Group("in", "bytes", []byte("ok"), "key", "canary-api-key"), "number", 5)
		require.NoError(t, closer())
		require.NotContains(t, out.String(), "canary")
		require.Contains(t, out.String(), "${DSN}")
		require.Contains(t, out.String(), "${TEMPORAL_API_KEY}")
		require.Contains(t, out.String(), "message of")
	}
}

func TestLogFormatLevelAndFile(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "worker.log", "before\n")
	log, closer, err := newLogger(Log{Format: "json", Level: "warn", File: path}, nil, newSecrets(nil))
	require.NoError(t, err)
	log.Info("unheard")
	log.Warn("heard", "n", 1)
	require.NoError(t, closer())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(raw), "before\n{")
	require.Contains(t, string(raw), `"msg":"heard","n":1`)
	require.NotContains(t, string(raw), "unheard")

	_, _, err = newLogger(Log{Format: "text", Level: "info", File: filepath.Join(path, "x")}, nil, newSecrets(nil))
	require.ErrorContains(t, err, "log file")
}
