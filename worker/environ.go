package worker

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/reembed/reembed/activities"
)

const (
	timeoutVariable = "REEMBED_JOB_TIMEOUT_SECONDS"
	soakVariable    = "REEMBED_SOAK_SECONDS"
)

// environment is a process's environment, as os.Environ gives it.
type environment []string

var _ envconfig.EnvLookup = environment(nil)

// Environ returns all variables.
func (e environment) Environ() []string { return e }

// LookupEnv returns a variable; of one that is there twice the later.
func (e environment) LookupEnv(name string) (string, bool) {
	for _, kv := range slices.Backward(e) {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// read takes the environment's values into c and returns all that can't be
// read. An empty variable is as good as none.
func (c *Config) read(env environment) error {
	var problems []error
	number := func(name string, least, most int, set func(int)) {
		value, _ := env.LookupEnv(name)
		if value == "" {
			return
		}
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || n < least || n > most {
			problems = append(problems, fmt.Errorf("%s is %q: want a whole number from %d to %d", name, value, least, most))
			return
		}
		set(n)
	}
	for _, n := range numbers {
		number(n.variable, n.least, n.most, func(v int) { *n.field(c) = v })
	}
	number(timeoutVariable, 0, activities.MaxTimeoutSeconds, func(v int) {
		timeout := time.Duration(v) * time.Second
		c.JobTimeout = &timeout
	})
	number(soakVariable, 0, activities.MaxSoakSeconds, func(v int) {
		soak := time.Duration(v) * time.Second
		c.Soak = &soak
	})
	for name, field := range map[string]*string{
		"REEMBED_CATALOG": &c.Catalog, "REEMBED_HTTP_ADDR": &c.HTTPAddr, "REEMBED_PPROF_ADDR": &c.PprofAddr,
		"REEMBED_LOG_FORMAT": &c.Log.Format, "REEMBED_LOG_LEVEL": &c.Log.Level, "REEMBED_LOG_FILE": &c.Log.File,
	} {
		if value, _ := env.LookupEnv(name); value != "" {
			*field = value
		}
	}
	return errors.Join(problems...)
}

// invocation is what the command line asks for.
type invocation struct {
	config  Config
	version bool
}

// parse reads environment and flags; a flag wins over its variable. All
// problems are returned at once; pflag.ErrHelp after the help was printed to out.
func parse(args []string, env environment, out io.Writer) (invocation, error) {
	var i invocation
	unreadable := i.config.read(env)
	flags := pflag.NewFlagSet("reembed-worker", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	c := &i.config
	flags.StringVar(&c.Catalog, "catalog", c.Catalog, "catalog `file`; REEMBED_CATALOG, else ./reembed.yaml")
	flags.StringVar(&c.HTTPAddr, "http-addr", c.HTTPAddr, "`address` of metrics and health; REEMBED_HTTP_ADDR, else :8000")
	flags.StringVar(&c.Log.Format, "log-format", c.Log.Format, "text or json; REEMBED_LOG_FORMAT, else text")
	flags.StringVar(&c.Log.Level, "log-level", c.Log.Level, "debug, info, warn or error; REEMBED_LOG_LEVEL, else info")
	flags.StringVar(&c.Log.File, "log-file", c.Log.File, "append the log to this `file`; REEMBED_LOG_FILE, else stderr")
	flags.StringVar(&c.PprofAddr, "pprof", c.PprofAddr, "serve /debug/pprof at this `address`, on loopback unless it names a host; REEMBED_PPROF_ADDR, else nowhere")
	flags.BoolVar(&i.version, "version", false, "print the version and exit")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(out, usage(flags))
		return i, pflag.ErrHelp
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: see reembed-worker --help", flags.Arg(0))
	}
	if i.version && err == nil {
		return i, nil
	}
	i.config = i.config.WithDefaults()
	return i, errors.Join(err, unreadable, i.config.Validate())
}

func usage(flags *pflag.FlagSet) string {
	var b strings.Builder
	b.WriteString("Does the work of reembed's jobs, until it is told to stop.\n\nUsage:\n  reembed-worker [flags]\n\nFlags:\n")
	b.WriteString(flags.FlagUsages())
	b.WriteString("\nEnvironment (numbers, with their defaults):\n")
	for _, n := range numbers {
		fallback := "-"
		if n.fallback > 0 {
			fallback = strconv.Itoa(n.fallback)
		}
		fmt.Fprintf(&b, "  %-28s %5s  %s\n", n.variable, fallback, n.usage)
	}
	fmt.Fprintf(&b, "  %-28s %5d  running time of a job that names none; 0: no bound\n", timeoutVariable, int(defaultJobTimeout.Seconds()))
	fmt.Fprintf(&b, "  %-28s %5d  how long a former generation is kept in step behind a switch; 0: not at all\n", soakVariable, int(defaultSoak.Seconds()))
	b.WriteString(`
Temporal is found by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY,
TEMPORAL_TLS_*, TEMPORAL_PROFILE and TEMPORAL_CONFIG_FILE, as the temporal CLI
finds it. A server that does not answer is asked again until it does.

Exit codes:
  0    stopped by SIGTERM or SIGINT, or by --help or --version
  1    Temporal ended the worker, or the HTTP server broke
  2    the flags, the environment or the catalog can't be used
  3    the HTTP address or the log file can't be opened
  130  a second signal cut the graceful stop short
`)
	return b.String()
}

// temporalOptions reads the TEMPORAL_* variables and the profile of the TOML
// file that they name.
func temporalOptions(env environment) (client.Options, error) {
	o, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: env})
	if err != nil {
		return client.Options{}, fmt.Errorf("TEMPORAL_*: %w", err)
	}
	if o.HostPort == "" {
		o.HostPort = client.DefaultHostPort
	}
	if o.Namespace == "" {
		o.Namespace = client.DefaultNamespace
	}
	return o, nil
}
