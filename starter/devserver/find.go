package devserver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNoBinary is returned where there is no temporal CLI to run.
var ErrNoBinary = errors.New("the temporal CLI is neither on PATH, nor next to this program, nor in the repository's bin/: run `make temporal`")

// Find returns the path of the temporal CLI: the one on PATH, else the one next
// to this program, else the one in bin/ of the Go module around the working
// folder. ErrNoBinary when there is none.
func Find() (string, error) {
	if path, err := exec.LookPath("temporal"); err == nil {
		return filepath.Abs(path)
	}
	if exe, err := os.Executable(); err == nil {
		if path, ok := executable(filepath.Join(filepath.Dir(exe), "temporal")); ok {
			return path, nil
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the temporal CLI: %w", err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			if path, ok := executable(filepath.Join(dir, "bin", "temporal")); ok {
				return path, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", ErrNoBinary
		}
	}
}

func executable(path string) (string, bool) {
	info, err := os.Stat(path)
	return path, err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// Ports are looked for below those that systems give to outgoing connections
// (from 32768 on), so that no client takes the port of a server that restarts.
const (
	firstPort = 20000
	lastPort  = 32000
	portTries = 100
)

// FreePort returns a TCP port of loopback that nobody listens on.
func FreePort() (int, error) {
	var last error
	for range portTries {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", host, port))
		if err != nil {
			last = err
			continue
		}
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("free port: %w", err)
		}
		return port, nil
	}
	return 0, fmt.Errorf("no free port between %d and %d: %w", firstPort, lastPort, last)
}
