// Package devserver runs the Temporal dev server, `temporal server start-dev`,
// as a child process on loopback: for `reembed dev`, for the demo, and for
// tests. It is no way to run Temporal in production.
//
//	server, err := devserver.Start(ctx, devserver.Options{Dir: t.TempDir()})
//	defer server.Stop()
//	c, err := server.Dial(client.Options{})
//
// The flags that it is started with make an activity about five times faster
// than the defaults, and make the server obey task priorities.
package devserver
