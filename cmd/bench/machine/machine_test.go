package machine_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/cmd/bench/machine"
)

func TestProcess(t *testing.T) {
	t.Parallel()
	peak, err := machine.OwnPeakRSS()
	require.NoError(t, err)
	require.Greater(t, peak, int64(1<<20))
	ballast := make([]byte, 2*peak)
	for i := range ballast {
		ballast[i] = byte(i)
	}
	higher, err := machine.PeakRSS(os.Getpid())
	require.NoError(t, err)
	require.GreaterOrEqual(t, higher, 2*peak)
	runtime.KeepAlive(ballast)

	before, err := machine.OwnCPU()
	require.NoError(t, err)
	now := before
	for sum := 1; now <= before; sum++ {
		now, err = machine.OwnCPU()
		require.NoError(t, err)
	}
	same, err := machine.CPU(os.Getpid())
	require.NoError(t, err)
	later, err := machine.OwnCPU()
	require.NoError(t, err)
	require.InDelta(t, later.Seconds(), same.Seconds(), 0.5)

	_, err = machine.CPU(-1)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = machine.PeakRSS(-1)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestLook(t *testing.T) {
	t.Parallel()
	m, err := machine.Look()
	require.NoError(t, err)
	require.Positive(t, m.Cores)
	require.Greater(t, m.Memory, int64(64<<20))
	require.NotEmpty(t, m.Kernel)
	require.Contains(t, m.Go, runtime.Version())
	load, err := machine.Load()
	require.NoError(t, err)
	require.Regexp(t, `^\d+\.\d\d \d+\.\d\d \d+\.\d\d$`, load)
}
