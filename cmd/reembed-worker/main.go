// Command reembed-worker does the work of reembed's jobs. See its --help.
package main

import (
	"context"
	"os"

	"github.com/reembed/reembed/cmd/version"
	"github.com/reembed/reembed/worker"
)

func main() {
	os.Exit(worker.Run(context.Background(), version.String(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}
