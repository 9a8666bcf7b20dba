package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/reembed/reembed/worker"
	"github.com/reembed/reembed/workflows"
)

// Variables that make this test's program a worker which ends itself.
const (
	killAtVariable   = "REEMBED_E2E_KILL_AT"   // the activity's name, and "before" or "after"
	killMarkVariable = "REEMBED_E2E_KILL_MARK" // file that is made by the one that did it
)

// fragile is a worker that kills itself with SIGKILL, once, before the first
// run of an activity or after its effect, when nobody knows of it yet.
func fragile() int {
	name, when, _ := strings.Cut(os.Getenv(killAtVariable), " ")
	k := &killer{activity: name, after: when == "after", mark: os.Getenv(killMarkVariable)}
	p := worker.Program{Version: "fragile", Interceptors: []interceptor.WorkerInterceptor{k}}
	return p.Run(context.Background(), nil, os.Environ(), os.Stdout, os.Stderr)
}

type killer struct {
	interceptor.WorkerInterceptorBase
	activity, mark string
	after          bool
}

func (k *killer) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &killing{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, killer: k}
}

type killing struct {
	interceptor.ActivityInboundInterceptorBase
	*killer
}

func (k *killing) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if activity.GetInfo(ctx).ActivityType.Name != k.activity {
		return k.Next.ExecuteActivity(ctx, in)
	}
	if !k.after {
		k.kill()
	}
	out, err := k.Next.ExecuteActivity(ctx, in)
	if k.after && err == nil {
		k.kill()
	}
	return out, err
}

// kill ends this process, unless it was done before.
func (k *killer) kill() {
	f, err := os.OpenFile(k.mark, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_ = f.Close()
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// TestWorkerKilledInEachActivity guards that there is no point in a job's life
// at which the worker must not die.
func TestWorkerKilledInEachActivity(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	for _, at := range []string{
		"Resolve before", "AcquireSlot after", "AcquireLease after", "Plan before", "Prepare after",
		"SplitPass after", "SyncSegment before", "SyncSegment after", "FinishIndex before",
		"VerifySegment before", "VerifySamples before", "CheckSwitch before", "Switch before", "Switch after",
		"RecordOutcome after", "ReleaseLease after", "WatchJob before",
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, setting{items: 300})
			mark := filepath.Join(r.dir, "killed")
			first := r.start(self, killAtVariable+"="+at, killMarkVariable+"="+mark)
			job := r.begin(workflows.Request{Namespace: "docs", To: "large"})
			require.Error(t, first.Wait(), "the worker was to die")
			require.FileExists(t, mark)

			r.worker()
			s := r.complete(job, "docs")
			require.Equal(t, "small", s.Former.Model)
			require.EqualValues(t, 2, s.Route.Generation, "switched once")
		})
	}
}
