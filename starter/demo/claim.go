package demo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// mark is a file that only a demo's folder has: no other folder is emptied. It
// is locked while its demo runs, so that a second one does not empty the folder
// below the first.
const mark = ".reembed-demo"

// claim makes the folder, or empties one that a former demo left, and returns
// its locked mark; the lock lasts until that is closed, or the process ends.
func claim(dir string) (*os.File, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist), err == nil && len(entries) == 0:
	case err != nil:
		return nil, err
	default:
		if err := empty(dir); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return lock(dir, os.O_CREATE)
}

// empty removes a folder that a former demo left.
func empty(dir string) error {
	former, err := lock(dir, 0)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is not empty, and no former demo's: name another with --dir", dir)
	}
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(dir), former.Close())
}

// lock opens the folder's mark and locks it.
func lock(dir string, flag int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, mark), os.O_RDWR|flag, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another demo runs in %s: end it, or name another folder with --dir: %w", dir, err), f.Close())
	}
	return f, nil
}
