package catalog

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// with is the sound catalog with more keys of namespace docs.
func with(t *testing.T, keys string) (*Catalog, error) {
	t.Helper()
	require.Equal(t, 1, strings.Count(sound, "writes: text"))
	d := testDrivers()
	table := d.Stores["table"]
	table.Publishes = true
	d.Stores["table"] = table
	return read("c.yaml", []byte(strings.Replace(sound, "writes: text", keys, 1)), env, d)
}

func TestHooksAreRead(t *testing.T) {
	t.Parallel()
	c, err := with(t, `hooks: {veto: {command: [./veto.sh, "", "${API_KEY}"]}}`)
	require.ErrorContains(t, err, "c.yaml:22: namespaces.docs.hooks.veto.command: has an empty word")
	require.Nil(t, c)
	c, err = with(t, `hooks: {veto: {command: [./veto.sh, "two words", "${API_KEY}"]}, post: {url: "https://ops.example.com/x", headers: {X-Key: "${API_KEY}"}}}`)
	require.NoError(t, err)
	key, _ := env("API_KEY")
	require.Equal(t, Hooks{
		Veto: &Hook{Command: []string{"./veto.sh", "two words", key}, Timeout: 30 * time.Second},
		Post: &Hook{URL: "https://ops.example.com/x", Headers: map[string]string{"X-Key": key}, Timeout: 30 * time.Second},
	}, c.Namespaces["docs"].Hooks)
	require.Contains(t, c.Variables, "API_KEY")
	c, err = with(t, `hooks: {post: {command: [a]}, timeout: 2m}`)
	require.NoError(t, err)
	require.Nil(t, c.Namespaces["docs"].Hooks.Veto)
	require.Equal(t, 2*time.Minute, c.Namespaces["docs"].Hooks.Post.Timeout)
}

func TestHooksAreReadStrictly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ keys, want string }{
		"no mapping":     {`hooks: ./veto.sh`, "namespaces.docs.hooks: is not a mapping"},
		"another hook":   {`hooks: {before: {command: [a]}}`, "namespaces.docs.hooks.before: unknown key; known here: post, timeout, veto"},
		"neither":        {`hooks: {veto: {}}`, "namespaces.docs.hooks.veto: has to have either a command or a url"},
		"both":           {`hooks: {veto: {command: [a], url: "http://x"}}`, "namespaces.docs.hooks.veto: has to have either a command or a url"},
		"a bare hook":    {`hooks: {veto: ./veto.sh}`, "namespaces.docs.hooks.veto: is not a mapping"},
		"a command line": {`hooks: {veto: {command: "./veto.sh now"}}`, "namespaces.docs.hooks.veto.command: is not a list of texts"},
		"no word":        {`hooks: {veto: {command: []}}`, "namespaces.docs.hooks.veto.command: is not a list of texts"},
		"a number":       {`hooks: {veto: {command: [a, 7]}}`, "namespaces.docs.hooks.veto.command.1: is not text: put it in quotes"},
		"a list in it":   {`hooks: {veto: {command: [a, [b]]}}`, "namespaces.docs.hooks.veto.command.1: is not text"},
		"no variable":    {`hooks: {veto: {command: [a, "${NOWHERE}"]}}`, "namespaces.docs.hooks.veto.command.1: the environment variable NOWHERE is not set"},
		"no address":     {`hooks: {veto: {url: ops.example.com}}`, "namespaces.docs.hooks.veto.url: is no address that begins with http:// or https://"},
		"another scheme": {`hooks: {veto: {url: "file:///x"}}`, "namespaces.docs.hooks.veto.url: is no address"},
		"lost headers":   {`hooks: {veto: {command: [a], headers: {X: y}}}`, "namespaces.docs.hooks.veto.headers: belong to a url"},
		"too patient":    {`hooks: {veto: {command: [a]}, timeout: 11m}`, "namespaces.docs.hooks.timeout: 11m0s is more than 10m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := with(t, c.keys)
			require.ErrorContains(t, err, "c.yaml:22: "+c.want)
			problems, ok := err.(Problems)
			require.True(t, ok)
			require.Len(t, problems, 1, err)
		})
	}
}

func TestPublishIsRead(t *testing.T) {
	t.Parallel()
	c, err := with(t, "publish: docs_active")
	require.NoError(t, err)
	require.Equal(t, "docs_active", c.Namespaces["docs"].Publish)
	require.Len(t, c.Warnings, 1)
	require.Contains(t, c.Warnings[0].String(), "c.yaml:22: namespaces.docs: publish: a client that embeds its query before a switch and searches docs_active")

	_, err = with(t, "publish: docs")
	require.ErrorContains(t, err, `c.yaml:22: namespaces.docs.publish: "docs" is the table of the items`)
	_, err = read("c.yaml", []byte(strings.Replace(sound, "writes: text", "publish: x", 1)), env, testDrivers())
	require.ErrorContains(t, err, "c.yaml:22: namespaces.docs.publish: a store of driver table can't publish: remove it")
}
