package hooks_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/hooks"
	"github.com/reembed/reembed/backends/catalog"
	"github.com/reembed/reembed/backends/route"
)

func message() hooks.Message {
	return hooks.Message{
		Hook: hooks.Veto, Delivery: "run/veto", Job: "job", Namespace: "docs", From: "small", To: "large",
		Locator: "docs_large", Route: &route.Route{Namespace: "docs", Locator: "docs_small", Model: "small"},
	}
}

// script is a command that does what the lines say, in a folder of its own.
func script(t *testing.T, lines string) (hooks.Caller, catalog.Hook) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hook.sh"), []byte("#!/bin/sh\n"+lines+"\n"), 0o700))
	return hooks.Caller{Dir: dir, Env: []string{"PATH=" + os.Getenv("PATH"), "PLACE=here"}},
		catalog.Hook{Command: []string{"./hook.sh", "first word", "second"}, Timeout: 20 * time.Second}
}

// TestCommandGetsTheMessage guards what hooks are written against: JSON on the
// standard input, arguments as they stand in the catalog, the catalog's folder,
// and no more of the environment than it is given.
func TestCommandGetsTheMessage(t *testing.T) {
	t.Parallel()
	c, h := script(t, `cat > got.json; { pwd -P; echo "$1|$2|$PLACE|$REEMBED_HOOK|$REEMBED_DELIVERY|$HOME"; } > said`)
	require.NoError(t, c.Call(t.Context(), h, message()))
	raw, err := os.ReadFile(filepath.Join(c.Dir, "got.json"))
	require.NoError(t, err)
	var got hooks.Message
	require.NoError(t, json.Unmarshal(raw, &got))
	require.Equal(t, message(), got)
	said, err := os.ReadFile(filepath.Join(c.Dir, "said"))
	require.NoError(t, err)
	real, err := filepath.EvalSymlinks(c.Dir)
	require.NoError(t, err)
	require.Equal(t, real+"\nfirst word|second|here|veto|run/veto|\n", string(said))
}

// TestCommandThatReadsNothing guards hooks that are not curious.
func TestCommandThatReadsNothing(t *testing.T) {
	t.Parallel()
	c, h := script(t, "exit 0")
	m := message()
	m.From = strings.Repeat("x", 1<<20) // more than a pipe holds
	require.NoError(t, c.Call(t.Context(), h, m))
}

func TestCommandRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ lines, reason string }{
		"with a reason":        {"echo 'not on a Friday'; echo more; exit 3", "not on a Friday"},
		"on standard error":    {"echo 'no room' >&2; exit 1", "no room"},
		"behind empty lines":   {"echo; echo '   '; echo ' at last '; exit 1", "at last"},
		"without a word":       {"exit 7", "hook.sh ended with 7"},
		"with colours":         {`printf '\033[31mred\033[0m\n'; exit 1`, "[31mred [0m"},
		"with a lot of output": {"yes 'a long line of output' | head -c 1000000; exit 1", "a long line of output"},
		"in one long line":     {"head -c 100000 /dev/zero | tr '\\0' x; exit 1", strings.Repeat("x", 200) + "..."},
		"in no encoding":       {`printf 'a\377b\n'; exit 1`, "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, h := script(t, c.lines)
			var refused *hooks.Refused
			require.ErrorAs(t, caller.Call(t.Context(), h, message()), &refused)
			require.Equal(t, c.reason, refused.Reason)
		})
	}
}

// TestCommandThatSaysNothing guards the difference between a no and no answer.
func TestCommandThatSaysNothing(t *testing.T) {
	t.Parallel()
	missing, h := script(t, "exit 0")
	h.Command[0] = "./nowhere.sh"
	endless, forever := script(t, "exec sleep 600")
	forever.Timeout = 300 * time.Millisecond
	killed, dies := script(t, "kill -9 $$")
	for name, c := range map[string]struct {
		caller hooks.Caller
		hook   catalog.Hook
		says   string
	}{
		"that is not there":     {missing, h, "run nowhere.sh"},
		"that does not end":     {endless, forever, "hook.sh did not end within 300ms"},
		"that is killed":        {killed, dies, "killed"},
		"that no path leads to": {missing, catalog.Hook{Command: []string{"reembed-no-such-program"}, Timeout: time.Second}, "not found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.caller.Call(t.Context(), c.hook, message())
			require.ErrorContains(t, err, c.says)
			var refused *hooks.Refused
			require.NotErrorAs(t, err, &refused)
		})
	}
}

// TestCommandThatLeavesChildren guards a worker against waiting for what a hook
// has started in the background.
func TestCommandThatLeavesChildren(t *testing.T) {
	t.Parallel()
	c, h := script(t, "sleep 600 & echo $! > pid; exit 0")
	t.Cleanup(func() {
		raw, err := os.ReadFile(filepath.Join(c.Dir, "pid"))
		require.NoError(t, err)
		endProcess(t, strings.TrimSpace(string(raw)))
	})
	begun := time.Now()
	require.NoError(t, c.Call(t.Context(), h, message()))
	require.Less(t, time.Since(begun), 15*time.Second)
}

func TestWebHook(t *testing.T) {
	t.Parallel()
	status := http.StatusNoContent
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		if status == http.StatusFound {
			http.Redirect(w, r, "/elsewhere", status)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "the server's own words")
	}))
	t.Cleanup(server.Close)
	h := catalog.Hook{URL: server.URL + "/hook", Headers: map[string]string{"Authorization": "Bearer s3cret"}, Timeout: 5 * time.Second}
	require.NoError(t, hooks.Caller{}.Call(t.Context(), h, message()))
	require.Equal(t, http.MethodPost, got.Method)
	require.Equal(t, "/hook", got.URL.Path)
	require.Equal(t, "Bearer s3cret", got.Header.Get("Authorization"))
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	require.Equal(t, []string{"veto", "run/veto"}, []string{got.Header.Get("Reembed-Hook"), got.Header.Get("Reembed-Delivery")})
	var m hooks.Message
	require.NoError(t, json.Unmarshal(body, &m))
	require.Equal(t, message(), m)

	for code, says := range map[int]string{
		http.StatusConflict: "answers 409 Conflict", http.StatusInternalServerError: "answers 500 Internal Server Error",
		http.StatusFound: "answers 302 Found", 599: "answers 599",
	} {
		status = code
		err := hooks.Caller{}.Call(t.Context(), h, message())
		var refused *hooks.Refused
		require.ErrorAs(t, err, &refused)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "own words")
	}
}

// TestWebHookThatDoesNotAnswer guards the difference between a no and no answer,
// and addresses, which may hold a secret.
func TestWebHookThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); hangs.Close() })
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, url := range []string{hangs.URL, gone.URL} {
		err := hooks.Caller{}.Call(t.Context(), catalog.Hook{URL: url + "/s3cret", Timeout: 200 * time.Millisecond}, message())
		require.Error(t, err)
		var refused *hooks.Refused
		require.NotErrorAs(t, err, &refused)
		require.NotContains(t, err.Error(), "s3cret")
		require.ErrorContains(t, err, "post to 127.0.0.1")
	}
}

func TestEnvironmentHasNoSecrets(t *testing.T) {
	t.Parallel()
	got := hooks.Environment([]string{
		"PATH=/bin", "LANG=C", "OPENAI_API_KEY=x", "PG_DSN=x", "GITHUB_TOKEN=x", "MY_PASSWORD=x", "AWS_SECRET_ACCESS_KEY=x",
		"DB_PASS=x", "MYSQL_PWD=x", "DATABASE_URL=postgres://me:x@db/docs", "HTTPS_PROXY=http://:p@ss@proxy:3128",
		"HOME_PAGE=https://example.org:443/@me", "PWD=/", "TEMPORAL_ADDRESS=x", "db_url=x", "REEMBED_CATALOG=./reembed.yaml", "ODD", "EMPTY=",
	}, []string{"db_url", "nowhere"})
	require.Equal(t, []string{"PATH=/bin", "LANG=C", "HOME_PAGE=https://example.org:443/@me", "PWD=/", "REEMBED_CATALOG=./reembed.yaml", "ODD", "EMPTY="}, got)
}
