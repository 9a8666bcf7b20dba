package machine

import (
	"bufio"
	"bytes"
	"errors"
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

// ticks is how many of the clock ticks of /proc make a second: the same on all
// of Linux's architectures (sysconf(_SC_CLK_TCK), proc_pid_stat(5)).
const ticks = 100

// CPU is the processor time that a running process took so far, in user and
// system mode, to a hundredth of a second.
func CPU(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("processor time of a process: %w", err)
	}
	// Fields 14 and 15; the second, the program's name, may have blanks and brackets.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("processor time of process %d: %d fields in its stat", pid, len(fields))
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, serr := strconv.ParseInt(fields[12], 10, 64)
	if err = errors.Join(err, serr); err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return time.Duration(user+system) * time.Second / ticks, nil
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
