// Package starter is the typed client of reembed: it starts jobs, looks at
// them, waits for them and cancels them. It knows the messages of package
// workflows and the Temporal client, and nothing else: no catalog, no store, no
// activity. Everything it does can be done with the plain temporal CLI too.
//
//	c, err := starter.Dial(ctx, starter.Options{})
//	h, err := c.Start(ctx, workflows.Request{Namespace: "docs", To: "small"}, starter.StartOptions{})
//	status, err := c.Wait(ctx, h)
//
// A running job is asked by query, and what its open ranges report in their
// heartbeats is added. A closed one is never queried - that would need a worker
// with code that still replays it - but answers with its result, or with the
// details of its failure. After Temporal's retention a job is [ErrNotFound]
// here; the registry of its namespace keeps its final status.
//
// Callers act on the sentinel errors of this package, never on an error's text.
package starter
