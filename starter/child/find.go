package child

import (
	"os"
	"os/exec"
	"path/filepath"
)

// Find returns the path of another program of this project: the one beside this
// program, else the one on PATH. Errors: exec.ErrNotFound.
func Find(name string) (string, error) {
	if self, err := os.Executable(); err == nil {
		if beside, err := exec.LookPath(filepath.Join(filepath.Dir(self), name)); err == nil {
			return beside, nil
		}
	}
	return exec.LookPath(name)
}
