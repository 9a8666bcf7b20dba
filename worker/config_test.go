package worker

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
)

func ptr[T any](v T) *T { return &v }

func defaults(change func(*Config)) Config {
	c := Config{
		Catalog: "./reembed.yaml", MaxConcurrentJobs: 3, BatchSize: 100, JobTimeout: ptr(time.Hour), Soak: ptr(24 * time.Hour),
		SyncSlots: 4, EmbedConcurrency: 4, MemoryMB: 256, RangeItems: 2000, ContinueAfter: 4000, HTTPAddr: ":8000", Log: Log{Format: "text", Level: "info"},
	}
	change(&c)
	return c
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		env  []string
		want Config
	}{
		"nothing": {want: defaults(func(*Config) {})},
		"empty variables": {
			env:  []string{"REEMBED_CATALOG=", "MAX_CONCURRENT_REEMBED_JOBS=", "REEMBED_JOB_TIMEOUT_SECONDS="},
			want: defaults(func(*Config) {}),
		},
		"all variables": {
			env: []string{
				"REEMBED_CATALOG=/etc/r.yaml", "MAX_CONCURRENT_REEMBED_JOBS=7", "REEMBED_BATCH_SIZE=256",
				"REEMBED_JOB_TIMEOUT_SECONDS=90", "REEMBED_SOAK_SECONDS=60", "REEMBED_SYNC_SLOTS=2", "REEMBED_EMBED_CONCURRENCY=9",
				"REEMBED_MEMORY_MB=512", "REEMBED_RANGE_ITEMS=50", "REEMBED_CONTINUE_AFTER=1000", "REEMBED_HTTP_ADDR=127.0.0.1:1",
				"REEMBED_LOG_FORMAT=json", "REEMBED_PPROF_ADDR=:2",
				"REEMBED_LOG_LEVEL=debug", "REEMBED_LOG_FILE=x.log", "UNRELATED=1",
			},
			want: Config{
				Catalog: "/etc/r.yaml", MaxConcurrentJobs: 7, BatchSize: 256, JobTimeout: ptr(90 * time.Second), Soak: ptr(time.Minute),
				SyncSlots: 2, EmbedConcurrency: 9, MemoryMB: 512, RangeItems: 50, ContinueAfter: 1000, HTTPAddr: "127.0.0.1:1", PprofAddr: ":2",
				Log: Log{Format: "json", Level: "debug", File: "x.log"},
			},
		},
		"flags win": {
			args: []string{"--catalog", "b.yaml", "--http-addr=:9", "--log-format", "json", "--log-level=error", "--log-file", "f", "--pprof", ":6060"},
			env:  []string{"REEMBED_CATALOG=a.yaml", "REEMBED_HTTP_ADDR=:8", "REEMBED_LOG_LEVEL=debug"},
			want: defaults(func(c *Config) {
				c.Catalog, c.HTTPAddr, c.PprofAddr, c.Log = "b.yaml", ":9", ":6060", Log{Format: "json", Level: "error", File: "f"}
			}),
		},
		"no bound on the time is not the default": {
			env:  []string{"REEMBED_JOB_TIMEOUT_SECONDS=0"},
			want: defaults(func(c *Config) { c.JobTimeout = ptr(time.Duration(0)) }),
		},
		"no soak is not the default": {
			env:  []string{"REEMBED_SOAK_SECONDS=0"},
			want: defaults(func(c *Config) { c.Soak = ptr(time.Duration(0)) }),
		},
		"memory follows the slots": {
			env:  []string{"REEMBED_SYNC_SLOTS=16"},
			want: defaults(func(c *Config) { c.SyncSlots, c.MemoryMB = 16, 1024 }),
		},
		"the later of two": {
			env:  []string{"REEMBED_BATCH_SIZE=1", "REEMBED_BATCH_SIZE=2"},
			want: defaults(func(c *Config) { c.BatchSize = 2 }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(c.args, c.env, new(bytes.Buffer))
			require.NoError(t, err)
			require.Equal(t, c.want, got.config)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		env  []string
		want []string
	}{
		"not a number":    {env: []string{"REEMBED_BATCH_SIZE=many"}, want: []string{`REEMBED_BATCH_SIZE is "many": want a whole number from 1 to 2048`}},
		"zero":            {env: []string{"MAX_CONCURRENT_REEMBED_JOBS=0"}, want: []string{`MAX_CONCURRENT_REEMBED_JOBS is "0": want a whole number from 1 to 1000`}},
		"fraction":        {env: []string{"REEMBED_SYNC_SLOTS=1.5"}, want: []string{`REEMBED_SYNC_SLOTS is "1.5"`}},
		"too large":       {env: []string{"REEMBED_EMBED_CONCURRENCY=257"}, want: []string{`REEMBED_EMBED_CONCURRENCY is "257"`}},
		"overflow":        {env: []string{"REEMBED_MEMORY_MB=99999999999999999999"}, want: []string{`REEMBED_MEMORY_MB is "99999999999999999999"`}},
		"negative":        {env: []string{"REEMBED_JOB_TIMEOUT_SECONDS=-1"}, want: []string{`REEMBED_JOB_TIMEOUT_SECONDS is "-1"`, "0"}},
		"memory of slots": {env: []string{"REEMBED_MEMORY_MB=63"}, want: []string{"REEMBED_MEMORY_MB is 63: want at least 64"}},
		"format":          {args: []string{"--log-format=xml"}, want: []string{"--log-format", `"xml"`, "text, json"}},
		"level":           {env: []string{"REEMBED_LOG_LEVEL=loud"}, want: []string{"REEMBED_LOG_LEVEL", `"loud"`, "debug, info, warn, error"}},
		"unknown flag":    {args: []string{"--colour"}, want: []string{"unknown flag: --colour"}},
		"argument":        {args: []string{"start"}, want: []string{`unexpected argument "start"`}},
		"all at once": {
			args: []string{"--log-format=xml"},
			env:  []string{"REEMBED_BATCH_SIZE=x", "REEMBED_SYNC_SLOTS=0", "REEMBED_JOB_TIMEOUT_SECONDS=1h", "REEMBED_LOG_LEVEL=loud"},
			want: []string{"REEMBED_BATCH_SIZE", "REEMBED_SYNC_SLOTS", "REEMBED_JOB_TIMEOUT_SECONDS", "REEMBED_LOG_LEVEL", "--log-format"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(c.args, c.env, new(bytes.Buffer))
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// A Config that a program makes is checked as one from the environment is.
func TestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, Config{}.WithDefaults().Validate())
	err := Config{SyncSlots: -1, BatchSize: 9999, JobTimeout: ptr(-time.Second), MemoryMB: 1}.WithDefaults().Validate()
	for _, want := range []string{"REEMBED_SYNC_SLOTS is -1", "REEMBED_BATCH_SIZE is 9999", "REEMBED_JOB_TIMEOUT_SECONDS is -1", "REEMBED_MEMORY_MB is 1"} {
		require.ErrorContains(t, err, want)
	}
}

func TestHelpNamesEverything(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	_, err := parse([]string{"--help"}, nil, &out)
	require.ErrorIs(t, err, pflag.ErrHelp)
	for _, want := range []string{
		"--catalog", "REEMBED_CATALOG", "--http-addr", "--log-format", "--log-level", "--log-file", "--pprof", "--version",
		"MAX_CONCURRENT_REEMBED_JOBS", "REEMBED_BATCH_SIZE", "REEMBED_JOB_TIMEOUT_SECONDS", "3600", "REEMBED_SYNC_SLOTS",
		"REEMBED_EMBED_CONCURRENCY", "REEMBED_MEMORY_MB", "TEMPORAL_ADDRESS", "Exit codes", "130",
	} {
		require.Contains(t, out.String(), want)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	c := Config{SyncSlots: 8, MemoryMB: 256, JobTimeout: ptr(time.Duration(0)), EmbedConcurrency: 3, BatchSize: 5, MaxConcurrentJobs: 2}
	require.Equal(t, activities.Settings{
		BatchSize: 5, Soak: 24 * time.Hour, MaxConcurrentJobs: 2, Concurrency: 3, MemoryBytes: 24 << 20, RangeItems: 2000, ContinueAfter: 4000,
	}, c.WithDefaults().settings())
}

func TestTemporalOptions(t *testing.T) {
	t.Parallel()
	nowhere := "TEMPORAL_CONFIG_FILE=" + t.TempDir() + "/none.toml"
	o, err := temporalOptions(environment{nowhere})
	require.NoError(t, err)
	require.Equal(t, "localhost:7233", o.HostPort)
	require.Equal(t, "default", o.Namespace)

	o, err = temporalOptions(environment{nowhere, "TEMPORAL_ADDRESS=t:1", "TEMPORAL_NAMESPACE=prod"})
	require.NoError(t, err)
	require.Equal(t, "t:1", o.HostPort)
	require.Equal(t, "prod", o.Namespace)

	file := writeFile(t, "temporal.toml", "[profile.staging]\naddress = \"s:2\"\nnamespace = \"stage\"\n")
	o, err = temporalOptions(environment{"TEMPORAL_CONFIG_FILE=" + file, "TEMPORAL_PROFILE=staging"})
	require.NoError(t, err)
	require.Equal(t, "s:2", o.HostPort)
	require.Equal(t, "stage", o.Namespace)

	_, err = temporalOptions(environment{"TEMPORAL_CONFIG_FILE=" + file, "TEMPORAL_PROFILE=absent"})
	require.ErrorContains(t, err, "absent")
	require.True(t, strings.HasPrefix(err.Error(), "TEMPORAL_*"))
}
