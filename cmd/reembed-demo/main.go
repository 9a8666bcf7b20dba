// Command reembed-demo plays the main job on real input: see package demo.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/reembed/reembed/starter/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := demo.Run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
