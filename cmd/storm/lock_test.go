package storm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"

	_ "modernc.org/sqlite"

	"github.com/reembed/reembed/starter/child"
)

// lockVariable makes this test's program one that takes the write lock of a
// database, says so, and keeps it until it is killed.
const lockVariable = "REEMBED_STORM_LOCK"

func holdLock(path string) int {
	db, err := openSQL(path)
	if err == nil {
		_, err = db.BeginTx(context.Background(), nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lock:", err)
		return 1
	}
	fmt.Println("locked")
	select {}
}

// openSQL opens a database as an application does, whose writes wait.
func openSQL(path string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_busy_timeout=60000")
}

// locker is another process that holds a database's write lock.
type locker struct{ process *child.Process }

// lock returns when the lock is held.
func lock(ctx context.Context, path string) (locker, error) {
	self, err := os.Executable()
	if err != nil {
		return locker{}, err
	}
	said := &said{something: make(chan struct{})}
	p, err := child.Start(child.Command{Path: self, Env: append(os.Environ(), lockVariable+"="+path), Stdout: said, Stderr: os.Stderr})
	if err != nil {
		return locker{}, err
	}
	select {
	case <-said.something:
		return locker{p}, nil
	case <-p.Done():
		return locker{}, fmt.Errorf("the process that locks: %w", p.Wait())
	case <-ctx.Done():
		return locker{}, fmt.Errorf("lock %s: %w", path, errors.Join(context.Cause(ctx), p.Kill()))
	}
}

// release ends the process, which lets the lock go as a crash would.
func (l locker) release() error { return l.process.Kill() }

// said notices that a process printed something.
type said struct {
	once      sync.Once
	something chan struct{}
}

func (s *said) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.something) })
	return len(p), nil
}
