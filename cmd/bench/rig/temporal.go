package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// local are the flags that differ from run to run.
var local = map[string]bool{"--ip": true, "--port": true, "--db-filename": true}

// describe asks a running server's process what it is.
func describe(ctx context.Context, pid int) (version, flags string, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return "", "", fmt.Errorf("look at Temporal: %w", err)
	}
	words := strings.Split(strings.TrimRight(string(raw), "\x00"), "\x00")
	out, err := exec.CommandContext(ctx, words[0], "--version").Output()
	if err != nil {
		return "", "", fmt.Errorf("ask Temporal for its version: %w", err)
	}
	var kept []string
	for i := 1; i < len(words); i++ {
		if local[words[i]] {
			i++ // and its value
			continue
		}
		kept = append(kept, words[i])
	}
	return strings.TrimSpace(string(out)), strings.Join(kept, " "), nil
}
