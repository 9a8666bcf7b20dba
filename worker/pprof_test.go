package worker

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// Profiles show memory: they are off, and where they are on, not for the network.
func TestProfilesStayOnThisHost(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		":6060": "127.0.0.1:6060", "localhost:1": "localhost:1", "0.0.0.0:1": "0.0.0.0:1", "[::]:1": "[::]:1", "6060": "6060",
	} {
		require.Equal(t, want, loopback(addr))
	}
	l, err := Config{HTTPAddr: "127.0.0.1:0"}.listen()
	require.NoError(t, err)
	require.Nil(t, l.pprof)
	require.NoError(t, l.http.Close())

	l, err = Config{HTTPAddr: "127.0.0.1:0", PprofAddr: ":0"}.listen()
	require.NoError(t, err)
	require.True(t, l.pprof.Addr().(*net.TCPAddr).IP.IsLoopback())
	taken := l.pprof.Addr().String()
	require.NoError(t, l.http.Close())

	_, err = Config{HTTPAddr: "127.0.0.1:0", PprofAddr: taken}.listen()
	require.ErrorContains(t, err, "--pprof, REEMBED_PPROF_ADDR")
	require.NoError(t, l.pprof.Close())
}
