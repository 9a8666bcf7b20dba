package machine

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// OwnCPU is the processor time that this process took so far, in user and
// system mode.
func OwnCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("getrusage: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// OwnPeakRSS is PeakRSS of this process.
func OwnPeakRSS() (int64, error) { return PeakRSS(os.Getpid()) }

// PeakRSS is the most memory that a running process had resident, in bytes.
// The maxrss of its rusage is not: that begins with what its parent had.
func PeakRSS(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("peak memory of a process: %w", err)
	}
	kib, ok := kibibytes(raw, "VmHWM")
	if !ok {
		return 0, fmt.Errorf("peak memory of process %d: no VmHWM in its status", pid)
	}
	return kib << 10, nil
}

// kibibytes finds the line "key:   123 kB".
func kibibytes(raw []byte, key string) (int64, bool) {
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		rest, ok := strings.CutPrefix(lines.Text(), key+":")
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
		return n, err == nil
	}
	return 0, false
}
