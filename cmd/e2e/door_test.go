package e2e

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// door is an address before a server, at which connections are refused while it
// is shut: a server that goes away and comes back where it was.
type door struct {
	t       *testing.T
	address string
	server  string

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
}

// newDoor is open.
func newDoor(t *testing.T, server string) *door {
	t.Helper()
	u, err := url.Parse(server)
	require.NoError(t, err)
	d := &door{t: t, address: "127.0.0.1:0", server: u.Host, conns: map[net.Conn]bool{}}
	d.open()
	t.Cleanup(d.shut)
	return d
}

func (d *door) open() {
	d.t.Helper()
	l, err := net.Listen("tcp", d.address)
	require.NoError(d.t, err)
	d.mu.Lock()
	d.listener, d.address = l, l.Addr().String()
	d.mu.Unlock()
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go d.pass(in)
		}
	}()
}

// pass carries bytes both ways until one end closes.
func (d *door) pass(in net.Conn) {
	out, err := net.Dial("tcp", d.server)
	if err != nil || !d.keep(in, out) {
		_ = in.Close()
		return
	}
	go func() {
		_, _ = io.Copy(out, in)
		_ = out.Close()
	}()
	_, _ = io.Copy(in, out)
	_ = in.Close()
}

// keep notes the connections, for shut to close; false when it is shut already.
func (d *door) keep(conns ...net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range conns {
		if d.listener == nil {
			_ = c.Close()
			continue
		}
		d.conns[c] = true
	}
	return d.listener != nil
}

// shut refuses connections from now on, and breaks those there are.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener == nil {
		return
	}
	_ = d.listener.Close()
	d.listener = nil
	for c := range d.conns {
		_ = c.Close()
	}
	clear(d.conns)
}
