package starter

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
)

// Options say where Temporal is. What is empty is taken from the TEMPORAL_*
// environment variables, then from the profile of Temporal's TOML file, then
// from Temporal's defaults (localhost:7233, namespace "default").
type Options struct {
	Address   string
	Namespace string
	Profile   string // of the TOML file
	WebUI     string // see Config
	// Env reads the environment; nil: the process's own.
	Env envconfig.EnvLookup
	// Logger takes what the Temporal client says; nil: nobody.
	Logger *slog.Logger
}

// ClientOptions are the options of a Temporal client: what starter and worker
// connect with. Errors: ErrInvalid, for a file or variable that can't be read.
func ClientOptions(o Options) (client.Options, error) {
	opts, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{
		ConfigFileProfile: o.Profile, EnvLookup: o.Env,
	})
	if err != nil {
		return client.Options{}, fmt.Errorf("%w configuration of the Temporal client: %w", ErrInvalid, err)
	}
	opts.HostPort = cmp.Or(o.Address, opts.HostPort, client.DefaultHostPort)
	opts.Namespace = cmp.Or(o.Namespace, opts.Namespace, client.DefaultNamespace)
	logger := o.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	opts.Logger = log.NewStructuredLogger(logger)
	return opts, nil
}

// Dial connects to Temporal. Errors: ErrInvalid, ErrDenied, ErrUnreachable,
// ErrNotFound for an unknown Temporal namespace.
func Dial(ctx context.Context, o Options) (*Client, error) {
	opts, err := ClientOptions(o)
	if err != nil {
		return nil, err
	}
	conn, err := client.DialContext(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal at %s: %w", opts.HostPort, classify(ctx, err))
	}
	return New(conn, Config{
		Address: opts.HostPort, Namespace: opts.Namespace, WebUI: o.WebUI, DataConverter: opts.DataConverter,
	}), nil
}
