package devserver

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// newDatabase is a database whose server has not been ready yet. The CLI makes
// its tables only when there is no file: a first start that is cut short leaves
// one that no later start can use. A mark beside it tells them apart, and the
// next start begins with a new file.
type newDatabase struct {
	mark *os.File // locked while the start lasts; nil: the database has served before
}

// claimDatabase is called before a start. What a start that was cut short left
// is removed.
func (o Options) claimDatabase() (newDatabase, error) {
	if o.Dir == "" {
		return newDatabase{}, nil
	}
	name := o.database() + ".unfinished"
	if exists(o.database()) && !exists(name) {
		return newDatabase{}, nil
	}
	mark, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return newDatabase{}, fmt.Errorf("database of the dev server: %w", err)
	}
	if err := syscall.Flock(int(mark.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return newDatabase{}, errors.Join(fmt.Errorf("database of the dev server: another one is being started in %s: %w", o.Dir, err), mark.Close())
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(o.database() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return newDatabase{}, errors.Join(fmt.Errorf("database of the dev server: %w", err), mark.Close())
		}
	}
	return newDatabase{mark}, nil
}

// keep is called when the server is ready.
func (d newDatabase) keep() error {
	if d.mark == nil {
		return nil
	}
	if err := errors.Join(os.Remove(d.mark.Name()), d.mark.Close()); err != nil {
		return fmt.Errorf("database of the dev server: %w", err)
	}
	return nil
}

// giveUp is called when the server did not become ready; the mark stays.
func (d newDatabase) giveUp() error {
	if d.mark == nil {
		return nil
	}
	return d.mark.Close()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
