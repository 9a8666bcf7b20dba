package backendtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// CaptureHarness is how a driver takes part in the suite of backends.Capture.
type CaptureHarness struct {
	Harness[backends.Source]
	// Lose are the ways in which the changes of all consumers of a table get lost,
	// by name. The table is there afterwards, and may be empty.
	Lose map[string]func(t *testing.T, p Place[backends.Source], table string)
}

// Capture is the suite of backends.Capture.
func Capture(t *testing.T, h CaptureHarness) {
	s := suite[backends.Source]{t: t, h: h.Harness}
	s.run("every kind of change", testEveryChange)
	s.run("what changed nothing", testNoChange)
	s.run("pages", testChangePages)
	s.run("exact acknowledgement", testAcknowledge)
	s.run("acknowledged nothing", testAcknowledgeNothing)
	s.run("consumers are apart", testConsumersApart)
	s.run("tables are apart", testCapturedTablesApart)
	s.run("subscribe again", testSubscribeAgain)
	s.run("ugly ids", testUglyChanges)
	s.run("refused", testCaptureRefused)
	s.run("crash", testCaptureCrash)
	s.run("concurrent writers", testCaptureRaces)
	for name, lose := range h.Lose {
		s.run("lost by "+name, func(t *testing.T, p Place[backends.Source]) {
			testChangesLost(t, p, func() { lose(t, p, "docs") })
		})
	}
}

// captured is a source with its abilities to take items and to tell changes.
type captured struct {
	opened
	backends.Capture
}

// openCaptured opens a table that has had an item.
func openCaptured(t *testing.T, p Place[backends.Source], name string) captured {
	t.Helper()
	s := openSource(t, p, name)
	c, ok := backends.As[backends.Capture](s.Source)
	require.True(t, ok, "the suite needs the Capture ability")
	require.NoError(t, s.PutItems(t.Context(), textItems("first")))
	return captured{s, c}
}

// changed puts items whose text was never there before.
func (c captured) changed(t *testing.T, round int, ids ...string) {
	t.Helper()
	require.NoError(t, c.PutItems(t.Context(), roundItems(round, ids...)))
}

func roundItems(round int, ids ...string) []backends.Item {
	items := textItems(ids...)
	for i := range items {
		items[i].Text += fmt.Sprintf(" in round %d", round)
	}
	return items
}

// pending reads all that was not acknowledged, by pages, and holds them to their promises.
func (c captured) pending(t *testing.T, consumer string, size int) []backends.Change {
	t.Helper()
	all, err := readChanges(t.Context(), c, consumer, size)
	require.NoError(t, err)
	for _, change := range all {
		require.NotEmpty(t, change.Mark)
		requirePlace(t, change.Mark)
	}
	return all
}

func readChanges(ctx context.Context, c backends.Capture, consumer string, size int) ([]backends.Change, error) {
	var all []backends.Change
	var after backends.Cursor
	for {
		page, err := c.Changes(ctx, consumer, after, size)
		switch {
		case err != nil:
			return nil, err
		case len(page.Items) > size:
			return nil, fmt.Errorf("a page of %d changes, asked for %d", len(page.Items), size)
		case len(page.Items) == 0 && !page.Done:
			return nil, fmt.Errorf("an empty page that is not the last")
		case len(page.Items) > 0 && (page.Next == "" || page.Next == after):
			return nil, fmt.Errorf("a page that leads nowhere")
		}
		all = append(all, page.Items...)
		after = page.Next
		if page.Done {
			return all, nil
		}
	}
}

// ids of changes, each once, sorted.
func changedIDs(changes []backends.Change) []string {
	ids := make([]string, 0, len(changes))
	for _, c := range changes {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func sorted(ids ...string) []string { return slices.Sorted(slices.Values(ids)) }

// counts returns what Consumers says is pending, by name.
func (c captured) counts(t *testing.T) map[string]int64 {
	t.Helper()
	list, err := c.Consumers(t.Context())
	require.NoError(t, err)
	require.True(t, slices.IsSortedFunc(list, func(a, b backends.Consumer) int { return strings.Compare(a.Name, b.Name) }))
	counts := map[string]int64{}
	for _, one := range list {
		counts[one.Name] = one.Pending
	}
	return counts
}

// settle acknowledges all that is pending.
func (c captured) settle(t *testing.T, consumer string) {
	t.Helper()
	require.NoError(t, c.Acknowledge(t.Context(), consumer, c.pending(t, consumer, 100)))
	require.Empty(t, c.pending(t, consumer, 100))
}
