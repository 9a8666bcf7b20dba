package starter_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/starter"
)

// env is an environment for the Temporal client's configuration.
type env map[string]string

func (e env) LookupEnv(name string) (string, bool) { v, ok := e[name]; return v, ok }

func (e env) Environ() []string {
	var all []string
	for k, v := range e {
		all = append(all, k+"="+v)
	}
	return all
}

func TestClientOptionsPrecedence(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(file, []byte("[profile.prod]\naddress = \"file:1\"\nnamespace = \"from-file\"\n"), 0o600))
	nothing := env{"TEMPORAL_CONFIG_FILE": filepath.Join(t.TempDir(), "none.toml")}
	fromFile := env{"TEMPORAL_CONFIG_FILE": file, "TEMPORAL_PROFILE": "prod"}
	fromEnv := env{"TEMPORAL_CONFIG_FILE": file, "TEMPORAL_PROFILE": "prod", "TEMPORAL_ADDRESS": "env:2"}
	for _, tc := range []struct {
		o                  starter.Options
		address, namespace string
	}{
		{starter.Options{Env: nothing}, "localhost:7233", "default"},
		{starter.Options{Env: fromFile}, "file:1", "from-file"},
		{starter.Options{Env: env{"TEMPORAL_CONFIG_FILE": file}, Profile: "prod"}, "file:1", "from-file"},
		{starter.Options{Env: fromEnv}, "env:2", "from-file"},
		{starter.Options{Env: fromEnv, Address: "flag:3", Namespace: "flag"}, "flag:3", "flag"},
	} {
		opts, err := starter.ClientOptions(tc.o)
		require.NoError(t, err)
		require.Equal(t, tc.address, opts.HostPort)
		require.Equal(t, tc.namespace, opts.Namespace)
		require.NotNil(t, opts.Logger, "the SDK's default one writes to stdout")
	}
	_, err := starter.ClientOptions(starter.Options{Env: fromFile, Profile: "staging"})
	require.ErrorIs(t, err, starter.ErrInvalid)
}

func TestDialOfNobody(t *testing.T) {
	t.Parallel()
	_, err := starter.Dial(t.Context(), starter.Options{Env: env{"TEMPORAL_CONFIG_FILE": os.DevNull}, Address: "127.0.0.1:1"})
	require.ErrorIs(t, err, starter.ErrUnreachable)
	require.ErrorContains(t, err, "127.0.0.1:1")
}

func TestWebURL(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		config starter.Config
		handle starter.Handle
		want   string
	}{
		{starter.Config{}, starter.Handle{ID: "j"}, "http://localhost:8233/namespaces/default/workflows/j"},
		{
			starter.Config{Address: "127.0.0.1:20001", Namespace: "a b"},
			starter.Handle{ID: "x/1?", Run: "r"},
			"http://127.0.0.1:21001/namespaces/a%20b/workflows/x%2F1%3F/r/history",
		},
		{starter.Config{Address: "[::1]:7233"}, starter.Handle{ID: "j"}, "http://[::1]:8233/namespaces/default/workflows/j"},
		{starter.Config{Address: "temporal.internal:7233"}, starter.Handle{ID: "j"}, ""},
		{
			starter.Config{Address: "temporal.internal:7233", WebUI: "https://ui.internal/"},
			starter.Handle{ID: "j"},
			"https://ui.internal/namespaces/default/workflows/j",
		},
		{
			starter.Config{Address: "prod.a2dd6.tmprl.cloud:7233", Namespace: "prod.a2dd6"},
			starter.Handle{ID: "j"},
			"https://cloud.temporal.io/namespaces/prod.a2dd6/workflows/j",
		},
	} {
		c, _ := newClient(t, tc.config)
		require.Equal(t, tc.want, c.WebURL(tc.handle))
	}
}
