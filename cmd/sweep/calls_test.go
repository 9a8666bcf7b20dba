package sweep

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/intercept"
)

// callID names a call in the same way in each run: the n-th of its operation.
type callID struct {
	role, operation string
	nth             int
	// fails: it fails by itself also when nothing is wrong - what it asks for is
	// not there, or a text is refused - so that it has no answer to lose.
	fails bool
}

func (c callID) operationName() string { return c.role + "." + c.operation }

func (c callID) String() string { return fmt.Sprintf("%s/%d", c.operationName(), c.nth) }

// reach numbers the call, and takes note of one that fails by itself.
func (t *trial) reach(c intercept.Call, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := callID{role: c.Role, operation: c.Operation}
	t.reached[id.operationName()]++
	if id.nth = t.reached[id.operationName()]; err != nil {
		t.failed[id] = true
	}
}

// number names recorded calls.
func (t *trial) number(calls []faulty.Call) []callID {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := map[string]int{}
	ids := make([]callID, len(calls))
	for i, c := range calls {
		ids[i] = callID{role: c.Role, operation: c.Operation}
		seen[ids[i].operationName()]++
		ids[i].nth = seen[ids[i].operationName()]
		ids[i].fails = t.failed[ids[i]]
	}
	return append(ids, t.asked...)
}

func (c callID) same(o callID) bool { return c.compare(o) == 0 }

func (c callID) compare(o callID) int {
	if n := strings.Compare(c.operationName(), o.operationName()); n != 0 {
		return n
	}
	return c.nth - o.nth
}

func difference(a, b []callID) string {
	var out []string
	for _, c := range a {
		if !slices.ContainsFunc(b, c.same) {
			out = append(out, "-"+c.String())
		}
	}
	for _, c := range b {
		if !slices.ContainsFunc(a, c.same) {
			out = append(out, "+"+c.String())
		}
	}
	return strings.Join(out, " ")
}
