package starter

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// Handle names a job: its workflow id, and the id of its first run, which stays
// the same when the job continues as new. Without a run it is the latest job of
// that id.
type Handle struct {
	ID  string `json:"job"`
	Run string `json:"run,omitempty"`
}

// Config is what a Client needs beside its connection; the zero value works.
type Config struct {
	// Address and Namespace of Temporal: what WebURL is made from.
	Address, Namespace string
	// WebUI is the address of Temporal's Web UI; empty: guessed from Address.
	WebUI string
	// CallTimeout bounds one call to Temporal; 10 s.
	CallTimeout time.Duration
	// QueryTimeout bounds one query, which a worker answers; 5 s.
	QueryTimeout time.Duration
	// DataConverter reads memos and heartbeats: the one of the connection. Nil:
	// Temporal's default.
	DataConverter converter.DataConverter
}

// Client starts jobs and looks after them. It is safe for concurrent use.
type Client struct {
	temporal client.Client
	config   Config
}

// New makes a Client over a connection, which stays the caller's.
func New(c client.Client, config Config) *Client {
	config.Address = cmp.Or(config.Address, client.DefaultHostPort)
	config.Namespace = cmp.Or(config.Namespace, client.DefaultNamespace)
	config.CallTimeout = cmp.Or(config.CallTimeout, 10*time.Second)
	config.QueryTimeout = cmp.Or(config.QueryTimeout, 5*time.Second)
	if config.DataConverter == nil {
		config.DataConverter = converter.GetDefaultDataConverter()
	}
	return &Client{temporal: c, config: config}
}

// Close ends the connection of a Client that was made by Dial.
func (c *Client) Close() { c.temporal.Close() }

// Ping reports whether Temporal answers. Errors: ErrUnreachable, ErrDenied.
func (c *Client) Ping(ctx context.Context) error {
	cctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	if _, err := c.temporal.CheckHealth(cctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("ask %s for its health: %w", c.config.Address, classify(ctx, err))
	}
	return nil
}
