package worker

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reembed/reembed/activities"
)

// Config is how a worker runs. The zero value of each field has a default; see
// WithDefaults.
type Config struct {
	Catalog           string         // path of the catalog file; ./reembed.yaml
	MaxConcurrentJobs int            // over the whole fleet; seeds the gate once; 3
	BatchSize         int            // inputs of one embedding request; 100
	JobTimeout        *time.Duration // running time of a job; nil: 1 h, 0: no bound
	Soak              *time.Duration // how long a former generation is kept in step behind a switch; nil: 24 h, 0: not at all
	SyncSlots         int            // segments at once in this worker; 4
	EmbedConcurrency  int            // embedding requests at once in one segment; 4
	MemoryMB          int            // in flight in all segments together; 64 a slot
	RangeItems        int            // the least work of a range, in items to be embedded; 2000
	ContinueAfter     int            // history events of a job's run before it continues as new; 4000
	HTTPAddr          string         // of metrics and health; :8000
	PprofAddr         string         // of /debug/pprof, on loopback unless it names a host; "": nowhere
	Log               Log
}

// Log says where the log goes and what is in it.
type Log struct {
	Format string // text or json; text
	Level  string // debug, info, warn or error; info
	File   string // appended to; "": stderr
}

const (
	defaultJobTimeout = time.Hour
	defaultSoak       = 24 * time.Hour
	segmentMB         = 64 // of one slot, where MemoryMB is silent
	leastSegmentMB    = 16 // a text of 10 MB and its neighbours have to fit
)

// number is a whole number of the configuration.
type number struct {
	variable    string
	field       func(*Config) *int
	fallback    int // 0: depends on others
	least, most int
	usage       string
}

var numbers = []number{
	{
		"MAX_CONCURRENT_REEMBED_JOBS", func(c *Config) *int { return &c.MaxConcurrentJobs },
		activities.DefaultMaxJobs, 1, 1000, "jobs at once in the whole fleet; seeds the gate once",
	},
	{
		"REEMBED_BATCH_SIZE", func(c *Config) *int { return &c.BatchSize },
		100, 1, activities.MaxBatchSize, "inputs of one embedding request",
	},
	{
		"REEMBED_SYNC_SLOTS", func(c *Config) *int { return &c.SyncSlots },
		4, 1, 256, "segments at once in this worker",
	},
	{
		"REEMBED_EMBED_CONCURRENCY", func(c *Config) *int { return &c.EmbedConcurrency },
		4, 1, 256, "embedding requests at once in one segment",
	},
	{
		"REEMBED_MEMORY_MB", func(c *Config) *int { return &c.MemoryMB },
		0, leastSegmentMB, 1 << 20, "MiB of texts and vectors in flight; 64 for each slot unless set",
	},
	{
		"REEMBED_RANGE_ITEMS", func(c *Config) *int { return &c.RangeItems },
		2000, 1, 1_000_000, "the least work of a range, in items to embed",
	},
	{
		"REEMBED_CONTINUE_AFTER", func(c *Config) *int { return &c.ContinueAfter },
		4000, 20, 40_000, "history events of a job's run before it goes on in a new one",
	},
}

var (
	logFormats = []string{"text", "json"}
	logLevels  = []string{"debug", "info", "warn", "error"}
)

// WithDefaults fills in what is zero.
func (c Config) WithDefaults() Config {
	c.Catalog = cmp.Or(c.Catalog, "./reembed.yaml")
	c.HTTPAddr = cmp.Or(c.HTTPAddr, ":8000")
	c.Log.Format = cmp.Or(c.Log.Format, "text")
	c.Log.Level = cmp.Or(c.Log.Level, "info")
	for _, n := range numbers {
		field := n.field(&c)
		*field = cmp.Or(*field, n.fallback)
	}
	c.MemoryMB = cmp.Or(c.MemoryMB, segmentMB*c.SyncSlots)
	if c.JobTimeout == nil {
		timeout := defaultJobTimeout
		c.JobTimeout = &timeout
	}
	if c.Soak == nil {
		soak := defaultSoak
		c.Soak = &soak
	}
	return c
}

// Validate reports all values that can't be used, by the names of their
// variables. It expects a Config with its defaults.
func (c Config) Validate() error {
	var problems []error
	for _, n := range numbers {
		if v := *n.field(&c); v < n.least || v > n.most {
			problems = append(problems, fmt.Errorf("%s is %d: want a whole number from %d to %d", n.variable, v, n.least, n.most))
		}
	}
	if least := leastSegmentMB * c.SyncSlots; c.MemoryMB >= leastSegmentMB && c.MemoryMB < least {
		problems = append(problems, fmt.Errorf("REEMBED_MEMORY_MB is %d: want at least %d, %d for each of the %d slots of REEMBED_SYNC_SLOTS",
			c.MemoryMB, least, leastSegmentMB, c.SyncSlots))
	}
	if t := *c.JobTimeout; t < 0 || t > activities.MaxTimeoutSeconds*time.Second {
		problems = append(problems, fmt.Errorf("%s is %g: want a whole number from 0 (no bound) to %d",
			timeoutVariable, t.Seconds(), activities.MaxTimeoutSeconds))
	}
	if s := *c.Soak; s < 0 || s > activities.MaxSoakSeconds*time.Second {
		problems = append(problems, fmt.Errorf("%s is %g: want a whole number from 0 (no soak) to %d",
			soakVariable, s.Seconds(), activities.MaxSoakSeconds))
	}
	problems = append(problems,
		oneOf("REEMBED_LOG_FORMAT (--log-format)", c.Log.Format, logFormats),
		oneOf("REEMBED_LOG_LEVEL (--log-level)", c.Log.Level, logLevels))
	return errors.Join(problems...)
}

func oneOf(name, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s is %q: want one of %s", name, value, strings.Join(allowed, ", "))
}

// settings are what the activities take from a Config with its defaults; what is
// left out has the activities' own.
func (c Config) settings() activities.Settings {
	return activities.Settings{
		BatchSize: c.BatchSize, JobTimeout: *c.JobTimeout, Soak: *c.Soak, MaxConcurrentJobs: c.MaxConcurrentJobs,
		Concurrency: c.EmbedConcurrency, MemoryBytes: c.pagesBytes(),
		RangeItems: c.RangeItems, ContinueAfter: c.ContinueAfter,
	}
}
