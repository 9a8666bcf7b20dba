package activities

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/reembed/reembed/backends"
)

// Priority orders jobs that wait for a slot; it is also Temporal's priority of
// the job's tasks.
type Priority string

// The priorities, most urgent last. The default is MEDIUM.
const (
	Low      Priority = "LOW"
	Medium   Priority = "MEDIUM"
	High     Priority = "HIGH"
	Critical Priority = "CRITICAL"
)

// ParsePriority reads a priority in any case; "" is Medium.
func ParsePriority(s string) (Priority, error) {
	p := Priority(cmp.Or(strings.ToUpper(s), string(Medium)))
	if p.Key() == 0 {
		return "", fmt.Errorf("%w: priority %q is none of LOW, MEDIUM, HIGH, CRITICAL", backends.ErrInvalidInput, s)
	}
	return p, nil
}

// Key is Temporal's priority key: 1 is the most urgent; 0 for what is no priority.
func (p Priority) Key() int {
	switch p {
	case Critical:
		return 1
	case High:
		return 2
	case Medium:
		return 3
	case Low:
		return 4
	}
	return 0
}
