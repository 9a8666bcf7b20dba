package sweep

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/reembed/reembed/workflows"
)

// report says how many calls there were, and how the trials of each operation ended.
func report(calls map[string][]callID, results []result, took time.Duration) string {
	var b strings.Builder
	for _, store := range stores {
		fmt.Fprintf(&b, "\none job on %s makes %d calls, of which %s fail by themselves", store, len(calls[store]), count(calls[store], func(c callID) bool { return c.fails }))
	}
	slowest := slices.MaxFunc(results, func(a, b result) int { return cmp.Compare(a.took, b.took) })
	fmt.Fprintf(&b, "\n%d trials in %s, the slowest in %s: %s\n\n", len(results), took.Round(time.Second),
		slowest.took.Round(time.Second), slowest.strike)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := []string{"operation"}
	for _, store := range stores {
		head = append(head, "calls on "+store)
	}
	ends := []workflows.State{workflows.Completed, workflows.Failed, workflows.Cancelled}
	head = append(head, "trials", "COMPLETED", "FAILED", "CANCELLED", "not struck", "wrong")
	line(w, head)
	names := map[string]bool{}
	for _, r := range results {
		names[r.call.operationName()] = true
	}
	for _, name := range append(slices.Sorted(maps.Keys(names)), "") {
		mine := results
		if name != "" {
			mine = slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.call.operationName() != name })
		}
		cells := []string{name}
		if name == "" {
			cells[0] = "all"
		}
		for _, store := range stores {
			cells = append(cells, count(calls[store], func(c callID) bool { return name == "" || c.operationName() == name }))
		}
		cells = append(cells, fmt.Sprint(len(mine)))
		for _, state := range ends {
			cells = append(cells, count(mine, func(r result) bool { return r.first.State == state }))
		}
		cells = append(cells,
			count(mine, func(r result) bool { return !r.struck }),
			count(mine, func(r result) bool { return r.err != nil }))
		line(w, cells)
	}
	_ = w.Flush()
	fmt.Fprint(&b, byAilment(results))
	return b.String()
}

// byAilment says how the trials of each kind of fault ended.
func byAilment(results []result) string {
	ends := map[string]int{}
	for _, r := range results {
		end := string(r.first.State)
		if r.first.State != workflows.Completed {
			end += " " + r.first.ErrorCode + ", then COMPLETED"
		}
		ends[fmt.Sprintf("%s %s: %s", r.name, sides[r.when], end)]++
	}
	out := "\n"
	for _, end := range slices.Sorted(maps.Keys(ends)) {
		out += fmt.Sprintf("%5d  %s\n", ends[end], end)
	}
	return out
}

func line(w *tabwriter.Writer, cells []string) { fmt.Fprintln(w, strings.Join(cells, "\t")+"\t") }

func count[T any](of []T, is func(T) bool) string {
	n := 0
	for _, v := range of {
		if is(v) {
			n++
		}
	}
	return fmt.Sprint(n)
}
