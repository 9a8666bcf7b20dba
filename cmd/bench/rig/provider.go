package rig

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/reembed/reembed/backends/embedders/providertest"
	"github.com/reembed/reembed/starter/child"
)

// PlayProvider is the argument with which this program plays a provider.
const PlayProvider = "provider"

// Play serves the benchmark's model over HTTP, as OpenAI does, prints the
// address, and goes on until the context ends. Each answer takes the latency at
// least.
func Play(ctx context.Context, latency string, out io.Writer) error {
	least, err := time.ParseDuration(latency)
	if err != nil {
		return fmt.Errorf("latency of the provider: %w", err)
	}
	server, err := providertest.Start(providertest.Options{Models: map[string]int{Model: Dimensions}, Latency: least, Forget: true})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, server.URL()); err != nil {
		return err
	}
	<-ctx.Done()
	return server.Close()
}

// Provider is a provider in a process of its own, so that its processor time is
// nobody else's.
type Provider struct {
	process *child.Process
	url     string
}

// providerGrace is how long it may take to end.
const providerGrace = 10 * time.Second

// Provider starts one.
func (r *Rig) Provider(latency time.Duration) (*Provider, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	p := &Provider{}
	p.process, err = child.Start(child.Command{
		Path: r.self, Args: []string{PlayProvider, latency.String()}, Env: r.Environ, Stdout: write, Stderr: os.Stderr,
	})
	if cerr := write.Close(); err == nil { // the child has its own
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	if _, err := fmt.Fscanln(bufio.NewReader(read), &p.url); err != nil {
		return nil, fmt.Errorf("provider: it said no address: %w", err)
	}
	return p, nil
}

// Embedder asks the provider.
func (p *Provider) Embedder() Embedder {
	return Embedder(fmt.Sprintf("{driver: openai, base_url: %q}", p.url))
}

// Close ends it.
func (p *Provider) Close() error { return p.process.Stop(providerGrace) }
