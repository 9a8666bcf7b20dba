package machine

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// Machine is what a result has to be read with.
type Machine struct {
	CPU    string // name of the processor
	Cores  int    // that this process may use
	Memory int64  // bytes
	OS     string
	Kernel string
	Go     string
}

// Look describes this machine.
func Look() (Machine, error) {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
	cpu, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m, fmt.Errorf("look at the machine: %w", err)
	}
	m.CPU = value(cpu, "model name", ":")
	memory, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return m, fmt.Errorf("look at the machine: %w", err)
	}
	kib, _ := kibibytes(memory, "MemTotal")
	m.Memory = kib << 10
	if release, err := os.ReadFile("/etc/os-release"); err == nil { // not everywhere
		m.OS = strings.Trim(value(release, "PRETTY_NAME", "="), `"`)
	}
	var u syscall.Utsname
	if err := syscall.Uname(&u); err != nil {
		return m, fmt.Errorf("uname: %w", err)
	}
	for _, c := range u.Release {
		if c == 0 {
			break
		}
		m.Kernel += string(rune(c))
	}
	return m, nil
}

// Load is the load average over 1, 5 and 15 minutes, as the kernel writes it.
func Load() (string, error) {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "", fmt.Errorf("load average: %w", err)
	}
	parts := strings.Fields(string(raw))
	return strings.Join(parts[:min(3, len(parts))], " "), nil
}

// value finds the first line "key<separator>value".
func value(raw []byte, key, separator string) string {
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		k, v, ok := strings.Cut(lines.Text(), separator)
		if ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
