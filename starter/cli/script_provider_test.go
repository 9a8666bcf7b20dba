package cli_test

import (
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

// providerKey is what the scripts' provider wants to be shown.
const providerKey = "sk-canary"

// provider starts a server that behaves as OpenAI's, whose base URL the variable
// PROVIDER has from then on, or changes what goes wrong with each of its answers,
// or with the next one only: provider [FAULT [once]|well]
//
// The faults are the kinds of package providertest.
func provider(ts *testscript.TestScript, neg bool, args []string) {
	once := len(args) == 2 && args[1] == "once"
	if neg || len(args) > 1 && !once {
		ts.Fatalf("usage: provider [FAULT [once]|well]")
	}
	holder, ok := ts.Value(providerValue).(*providerHolder)
	if !ok {
		ts.Fatalf("no place for a provider")
	}
	if len(args) == 0 {
		server, err := providertest.Start(providertest.Options{
			Models: map[string]int{"text-embedding-3-small": 64}, Key: providerKey,
		})
		ts.Check(err)
		ts.Defer(func() { ts.Check(server.Close()) })
		holder.server = server
		ts.Setenv("PROVIDER", server.URL())
		return
	}
	holder.server.Clear()
	if args[0] != "well" {
		holder.server.Add(providertest.Fault{From: !once, Nth: 1, Kind: providertest.Kind(args[0])})
	}
}

// providerHolder is what a script keeps of its provider, under providerValue.
type providerHolder struct{ server *providertest.Server }

const providerValue = "provider"
