package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/starter"
	"github.com/reembed/reembed/starter/cli/layout"
	"github.com/reembed/reembed/workflows"
)

// startOptions are the flags of start.
type startOptions struct {
	requestOptions
	id   string
	wait bool
}

// requestOptions are the flags that make a request.
type requestOptions struct {
	namespace, to, from, priority string
	batchSize                     int
	timeout                       seconds
	maxFailed                     int64
	waive                         []string
	stamps                        string
	dryRun                        bool
	cutover, window               string
	verifyAge                     seconds
	soak                          seconds
	endSoak                       bool
}

func (o *requestOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.namespace, "namespace", "", "namespace of the catalog; may stand without the flag too")
	f.StringVar(&o.to, "to", "", "model to move to (required)")
	f.StringVar(&o.from, "from", "", "model that has to be active now (default whichever is)")
	f.StringVar(&o.priority, "priority", "MEDIUM", "LOW, MEDIUM, HIGH or CRITICAL, in any case")
	f.IntVar(&o.batchSize, "batch-size", 0, "inputs of one embedding request (default the worker's REEMBED_BATCH_SIZE)")
	f.Var(&o.timeout, "timeout", "bound on the running time, like 90m or a number of seconds; 0: none (default the worker's REEMBED_JOB_TIMEOUT_SECONDS)")
	f.Int64Var(&o.maxFailed, "max-failed-items", -1, "items that may be quarantined before the job fails")
	f.Lookup("max-failed-items").DefValue = strconv.Itoa(activities.DefaultMaxFailedItems) // the worker's, while it is not given
	f.StringVar(&o.cutover, "cutover", string(activities.CutoverAuto), "auto: the job switches by itself; manual: it waits for 'reembed cutover JOB'")
	f.StringVar(&o.window, "cutover-window", "", "when the job may switch, like \"02:00-04:00 Europe/Berlin\" (default at any time)")
	f.Var(&o.verifyAge, "max-verify-age", "how old the verification may be at the switch, like 30m or a number of seconds")
	f.Lookup("max-verify-age").DefValue = activities.DefaultMaxVerifyAge.String() // the worker's, while it is not given
	f.StringArrayVar(&o.waive, "waive", nil, "id of a quarantined item that the switch may happen without; once an id, of which commas are part")
	f.StringVar(&o.stamps, "foreign-stamps", string(activities.StampsRefuse), "what to do about records that carry no stamp, or another model's: refuse the job, or take them as stale")
}

// request reads the flags and the positional namespace.
func (o *requestOptions) request(args []string) (workflows.Request, error) {
	if len(args) == 1 {
		if o.namespace != "" && o.namespace != args[0] {
			return workflows.Request{}, usage("two namespaces: %q and --namespace %q", args[0], o.namespace)
		}
		o.namespace = args[0]
	}
	if o.namespace == "" {
		return workflows.Request{}, usage("name the namespace")
	}
	if o.to == "" {
		return workflows.Request{}, usage("name the target model with --to")
	}
	priority, err := activities.ParsePriority(o.priority)
	if err != nil {
		return workflows.Request{}, usage("--priority: %q is none of LOW, MEDIUM, HIGH, CRITICAL", o.priority)
	}
	r := workflows.Request{
		Namespace: o.namespace, To: o.to, From: o.from, Priority: priority,
		BatchSize: o.batchSize, TimeoutSeconds: o.timeout.value, DryRun: o.dryRun, Waive: o.waive,
		CutoverWindow: o.window, MaxVerifyAgeSeconds: o.verifyAge.value,
		SoakSeconds: o.soak.value, EndSoak: o.endSoak,
	}
	switch activities.Cutover(o.cutover) {
	case activities.CutoverManual:
		r.Cutover = activities.CutoverManual // a worker of before need not know of the other
	case activities.CutoverAuto:
	default:
		return r, usage("--cutover: %q is neither %s nor %s", o.cutover, activities.CutoverAuto, activities.CutoverManual)
	}
	switch stamps := activities.ForeignStamps(o.stamps); stamps {
	case activities.StampsRefuse:
	case activities.StampsStale:
		r.ForeignStamps = stamps
	default:
		return r, usage("--foreign-stamps: %q is neither %s nor %s", o.stamps, activities.StampsRefuse, activities.StampsStale)
	}
	if o.window != "" {
		if _, err := activities.ParseWindow(o.window); err != nil {
			return r, usage("--cutover-window: %w", err)
		}
	}
	switch {
	case r.MaxVerifyAgeSeconds != nil && *r.MaxVerifyAgeSeconds == 0:
		return r, usage("--max-verify-age: 0 is less than a second")
	case o.batchSize < 0 || o.batchSize > activities.MaxBatchSize:
		return r, usage("--batch-size: %d is not between 1 and %d", o.batchSize, activities.MaxBatchSize)
	case o.maxFailed < -1:
		return r, usage("--max-failed-items: %d is negative", o.maxFailed)
	case o.maxFailed >= 0:
		r.MaxFailedItems = &o.maxFailed
	}
	return r, nil
}

func (a *app) startCommand() *cobra.Command {
	var o startOptions
	cmd := &cobra.Command{
		Use: "start NAMESPACE --to MODEL", Short: "Start a job that moves a namespace to another model", GroupID: groupJobs,
		Long: `Start starts a job and returns, or waits for its end with --wait and then ends
with the code that the job's end has (see 'reembed help exit-codes').

The catalog that counts is the workers': names are checked by the job's first
step, and a request that it refuses fails at once.`,
		Example: `  reembed start docs --to text-embedding-3-small --wait
  reembed start docs --to text-embedding-3-small --dry-run --wait    # only plan
  reembed start --namespace docs --from ada-002 --to 3-small --priority high --timeout 6h`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := o.request(args)
			if err != nil {
				return err
			}
			return a.runStart(cmd.Context(), r, o)
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "plan only; nothing is written")
	cmd.Flags().Var(&o.soak, "soak", "how long the former generation is kept in step behind the switch, for a rollback, like 24h or a number of seconds; 0: not at all (default the worker's REEMBED_SOAK_SECONDS)")
	cmd.Flags().BoolVar(&o.endSoak, "end-soak", false, "end the soak that the namespace is in; nothing is dropped. Without it a job is refused meanwhile")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "show the progress and wait for the job's end")
	cmd.Flags().StringVar(&o.id, "id", "", "workflow id of the job, for a start that may be repeated (default a new one)")
	return cmd
}

// started is what `reembed start -o json` prints without --wait.
type started struct {
	starter.Handle
	Namespace string `json:"namespace"`
	To        string `json:"to"`
	Priority  string `json:"priority"`
	WebURL    string `json:"web_url,omitempty"`
}

func (a *app) runStart(ctx context.Context, r workflows.Request, o startOptions) error {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	h, err := c.Start(ctx, r, starter.StartOptions{ID: o.id})
	if err != nil {
		return err
	}
	if o.wait {
		a.note("Started job %s", h.ID)
		if u := c.WebURL(h); u != "" {
			a.note("%s", u)
		}
		return a.follow(ctx, c, h)
	}
	s := started{Handle: h, Namespace: r.Namespace, To: r.To, Priority: string(r.Priority), WebURL: c.WebURL(h)}
	return a.print(s, func(p *layout.Page) {
		p.Pair("job", s.ID)
		p.Pair("namespace", s.Namespace)
		p.Pair("to", s.To)
		p.Pair("priority", s.Priority)
		p.Some("web", s.WebURL)
		p.Pair("next", "reembed watch "+s.ID)
	})
}

// follow shows a job's progress until its end, prints its final status, and
// returns the error that its end stands for.
func (a *app) follow(ctx context.Context, c *starter.Client, h starter.Handle) error {
	r := a.renderer()
	s, err := c.Watch(ctx, h, r.Every(), r.Show)
	err = errors.Join(err, r.Close())
	if ctx.Err() != nil {
		a.note("Job %s goes on: 'reembed watch %s' shows it, 'reembed cancel %s' ends it.", h.ID, h.ID, h.ID)
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if err := a.printStatus(s, c.WebURL(h)); err != nil {
		return err
	}
	return outcome(s)
}

// seconds is a flag for a time span: "90m", or a number of seconds as the
// environment has it; nil while it was not given.
type seconds struct{ value *int64 }

func (s *seconds) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		d, derr := time.ParseDuration(text)
		if derr != nil || d%time.Second != 0 {
			return fmt.Errorf("%q is neither a number of seconds nor a time like 90m", text)
		}
		n = int64(d / time.Second)
	}
	if n < 0 || n > activities.MaxTimeoutSeconds {
		return fmt.Errorf("%q is not between 0 (none) and %d seconds", text, activities.MaxTimeoutSeconds)
	}
	s.value = &n
	return nil
}

func (s *seconds) String() string {
	if s.value == nil {
		return ""
	}
	return (time.Duration(*s.value) * time.Second).String()
}

func (s *seconds) Type() string { return "duration" }
