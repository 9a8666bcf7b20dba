package sqlite

import (
	"context"
	"sync"
)

// flushBytes is how much is written until the log's pages are moved into the
// database meanwhile: a quarter of what the writer moves itself.
const flushBytes = walBytes / 4

// flusher moves the pages of the log into the database while writes go on. Left
// to SQLite, the writer that fills the log moves them all, and flushes both
// files, while the others wait: a quarter of the time of a copy with a fast
// embedder. Now it finds little left to move.
//
// It is a PASSIVE checkpoint: it waits for nobody and holds up nobody, and what
// it does not move stays in the log, for the next.
type flusher struct {
	mu      sync.Mutex
	written int // bytes since the last
	busy    bool
	closed  bool
	running sync.WaitGroup
}

// due takes note of a write, and reports whether a flush is to begin.
func (f *flusher) due(bytes int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.written += bytes
	if f.written < flushBytes || f.busy || f.closed {
		return false
	}
	f.written, f.busy = 0, true
	f.running.Add(1)
	return true
}

func (f *flusher) done() {
	f.mu.Lock()
	f.busy = false
	f.mu.Unlock()
	f.running.Done()
}

// close waits for the flush that runs; none begins any more.
func (f *flusher) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.running.Wait()
}

// wrote is called behind each large write.
func (s *Store) wrote(bytes int) {
	if !s.flush.due(bytes) {
		return
	}
	go func() {
		defer s.flush.done()
		// An error loses nothing: what was not moved stays in the log, which is read
		// with the database, and is moved later. Where the disk is the trouble the
		// next write meets it. SQLite drops the errors of its own checkpoints as well.
		_, _ = s.reader.ExecContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)")
	}()
}
