package stand

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// Wire is a TCP connection to a server that can be cut and mended.
type Wire struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	cut      bool
	open     map[net.Conn]bool
	all      sync.WaitGroup
}

// NewWire joins a loopback address of its own to the target. Close it.
func NewWire(target string) (*Wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("wire to %s: %w", target, err)
	}
	w := &Wire{listener: l, target: target, open: map[net.Conn]bool{}}
	w.all.Go(w.serve)
	return w, nil
}

// Close cuts the wire for good.
func (w *Wire) Close() {
	w.Cut(true)
	_ = w.listener.Close()
	w.all.Wait()
}

// Address is where to connect to.
func (w *Wire) Address() string { return w.listener.Addr().String() }

// Cut cuts the wire, which ends what is connected and lets nobody in, or mends it.
func (w *Wire) Cut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for c := range w.open {
		if cut {
			_ = c.Close()
		}
	}
}

// keep takes note of a connection; false when the wire is cut.
func (w *Wire) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.cut {
		w.open[c] = true
	}
	return !w.cut
}

func (w *Wire) serve() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.all.Go(func() { w.join(near) })
	}
}

func (w *Wire) join(near net.Conn) {
	defer near.Close()
	if !w.keep(near) {
		return
	}
	far, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	defer far.Close()
	if !w.keep(far) {
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // ends with the wire, or with its ends
			_ = way[0].Close()
		})
	}
	both.Wait()
}
