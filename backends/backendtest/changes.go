package backendtest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

func testEveryChange(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	c.changed(t, 0, "changed", "payload", "deleted", "deleted and back", "untouched")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	c.settle(t, "one") // what a driver tells of before
	c.changed(t, 1, "new", "changed", "deleted and back", "new and deleted")
	payload := roundItems(0, "payload")
	payload[0].Payload = []byte(`{"a":1}`)
	require.NoError(t, c.PutItems(t.Context(), payload))
	require.NoError(t, c.DeleteItems(t.Context(), []string{"deleted", "deleted and back", "new and deleted", "unknown"}))
	c.changed(t, 2, "deleted and back")
	want := []string{"new", "changed", "payload", "deleted and back"}
	got := changedIDs(c.pending(t, "one", 3))
	if c.CaptureTraits().Deletes {
		want = append(want, "deleted", "new and deleted")
		require.Equal(t, sorted(want...), got)
		return
	}
	require.Subset(t, got, want)
	require.NotContains(t, got, "untouched")
}

func testNoChange(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	items := roundItems(1, "a", "b")
	items[1].Payload = []byte(`{"a":1}`)
	require.NoError(t, c.PutItems(t.Context(), items))
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	c.settle(t, "one")
	require.NoError(t, c.PutItems(t.Context(), items), "the same again")
	require.NoError(t, c.DeleteItems(t.Context(), []string{"unknown"}))
	require.Empty(t, c.pending(t, "one", 10))
	items[1].Payload = nil
	require.NoError(t, c.PutItems(t.Context(), items))
	require.Equal(t, []string{"b"}, changedIDs(c.pending(t, "one", 10)), "no payload is another one")
}

func testChangePages(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	c.settle(t, "one")
	ids := number("item", 25)
	c.changed(t, 1, ids...)
	for _, size := range []int{1, 5, 24, 25, 26, 1000} {
		require.Equal(t, sorted(ids...), changedIDs(c.pending(t, "one", size)), "by %d", size)
	}
	page, err := c.Changes(t.Context(), "one", "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 10)
	require.False(t, page.Done)
	seen := page.Items
	require.NoError(t, c.Acknowledge(t.Context(), "one", seen[:9]))
	c.changed(t, 2, seen[0].ID)
	for !page.Done {
		page, err = c.Changes(t.Context(), "one", travelled(t, page.Next), 10)
		require.NoError(t, err)
		seen = append(seen, page.Items...)
	}
	require.Equal(t, sorted(ids...), changedIDs(seen), "a cursor stays usable when what is before it is acknowledged")
	require.Contains(t, changedIDs(c.pending(t, "one", 10)), seen[0].ID)
}

func testAcknowledge(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	c.settle(t, "one")
	c.changed(t, 1, "a", "b", "c")
	before := c.pending(t, "one", 10)
	require.Equal(t, before, c.pending(t, "one", 10), "reading acknowledges nothing")
	c.changed(t, 2, "b")
	require.NoError(t, c.DeleteItems(t.Context(), []string{"c"}))
	c.changed(t, 3, "c")
	for range 2 {
		require.NoError(t, c.Acknowledge(t.Context(), "one", before), "idempotent")
		after := c.pending(t, "one", 10)
		require.Equal(t, []string{"b", "c"}, changedIDs(after), "a later change has another mark")
		for _, change := range after {
			require.NotContains(t, before, change)
		}
	}
	require.NoError(t, c.Acknowledge(t.Context(), "one", nil))
	for _, change := range c.pending(t, "one", 10) {
		require.NoError(t, c.Acknowledge(t.Context(), "one", []backends.Change{change, change}))
	}
	require.Empty(t, c.pending(t, "one", 10))
	require.NoError(t, c.Acknowledge(t.Context(), "one", before), "what is forgotten already")
	c.changed(t, 4, "a")
	require.NoError(t, c.Acknowledge(t.Context(), "one", before))
	require.Equal(t, []string{"a"}, changedIDs(c.pending(t, "one", 10)), "a mark never comes again")
}

func testAcknowledgeNothing(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	c.settle(t, "one")
	c.changed(t, 1, "a", "b")
	have := c.pending(t, "one", 10)
	require.Len(t, have, 2)
	require.NoError(t, c.Acknowledge(t.Context(), "one", []backends.Change{
		{ID: have[0].ID, Mark: have[1].Mark},
		{ID: have[0].ID, Mark: have[0].Mark + "0"},
		{ID: have[0].ID, Mark: " " + have[0].Mark},
		{ID: "unknown", Mark: have[0].Mark},
		{ID: have[0].ID},
		{ID: have[0].ID, Mark: "x"},
		{ID: "\xff\x00", Mark: "\xff\x00"},
	}))
	require.Equal(t, have, c.pending(t, "one", 10), "exactly these changes are forgotten, and no others")
}

func testConsumersApart(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	require.Empty(t, c.counts(t))
	names := []string{"one", "One", "one ", "o'ne", `o"ne`, "日本語", "o%", "reembed_ns_0123456789abcdef"}
	for _, name := range names {
		require.NoError(t, c.Subscribe(t.Context(), name))
		c.settle(t, name)
	}
	require.Len(t, c.counts(t), len(names))
	c.changed(t, 1, "a", "b")
	for i, name := range names {
		require.Equal(t, []string{"a", "b"}, changedIDs(c.pending(t, name, 10)), "%q", name)
		c.settle(t, name)
		counts := c.counts(t)
		require.Len(t, counts, len(names)-i)
		require.Contains(t, []int64{0, -1}, counts[name])
		require.NoError(t, c.Unsubscribe(t.Context(), name))
		require.NoError(t, c.Unsubscribe(t.Context(), name), "idempotent")
		require.NotContains(t, c.counts(t), name)
		for _, rest := range names[i+1:] {
			require.Contains(t, []int64{2, -1}, counts[rest], "%q lost to %q", rest, name)
		}
	}
	require.NoError(t, c.Unsubscribe(t.Context(), "unknown"))
	c.changed(t, 2, "a")
	require.Empty(t, c.counts(t))
}

func testCapturedTablesApart(t *testing.T, p Place[backends.Source]) {
	c, other := openCaptured(t, p, "docs"), openCaptured(t, p, "others")
	for _, table := range []captured{c, other} {
		require.NoError(t, table.Subscribe(t.Context(), "one"))
		table.settle(t, "one")
	}
	c.changed(t, 1, "a")
	other.changed(t, 1, "b")
	require.Equal(t, []string{"a"}, changedIDs(c.pending(t, "one", 10)))
	require.NoError(t, other.Acknowledge(t.Context(), "one", c.pending(t, "one", 10)))
	require.Equal(t, []string{"b"}, changedIDs(other.pending(t, "one", 10)))
	require.NoError(t, c.Unsubscribe(t.Context(), "one"))
	require.Len(t, other.counts(t), 1)
	other.changed(t, 2, "c")
	require.Equal(t, []string{"b", "c"}, changedIDs(other.pending(t, "one", 10)))
}

func testSubscribeAgain(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	c.settle(t, "one")
	c.changed(t, 1, "a")
	have := c.pending(t, "one", 10)
	again := openCaptured(t, p, "docs")
	require.NoError(t, again.Subscribe(t.Context(), "one"))
	require.Equal(t, have, again.pending(t, "one", 10), "a consumer that is there keeps what is kept for it")
	require.NoError(t, c.Unsubscribe(t.Context(), "one"))
	c.changed(t, 2, "b")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	c.settle(t, "one")
	c.changed(t, 3, "a")
	require.NoError(t, c.Acknowledge(t.Context(), "one", have), "of a former subscription")
	require.Equal(t, []string{"a"}, changedIDs(c.pending(t, "one", 10)))
}

func testUglyChanges(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	c.settle(t, "one")
	c.changed(t, 1, uglyIDs...)
	have := c.pending(t, "one", 7)
	require.Equal(t, sorted(uglyIDs...), changedIDs(have))
	for i, change := range have {
		require.NoError(t, c.Acknowledge(t.Context(), "one", []backends.Change{change}))
		require.Len(t, c.pending(t, "one", len(have)), len(have)-i-1, "%q took others with it", change.ID)
	}
	if c.CaptureTraits().Deletes {
		require.NoError(t, c.DeleteItems(t.Context(), uglyIDs))
		require.Equal(t, sorted(uglyIDs...), changedIDs(c.pending(t, "one", 7)))
	}
}

func testCaptureRefused(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	for _, limit := range []int{0, -1} {
		_, err := c.Changes(t.Context(), "one", "", limit)
		require.ErrorIs(t, err, backends.ErrInvalidInput)
	}
	for _, cursor := range []backends.Cursor{"x", "-1", "\xff", "a\x00", " "} {
		_, err := c.Changes(t.Context(), "one", cursor, 1)
		require.ErrorIs(t, err, backends.ErrInvalidInput, "%q", cursor)
	}
	missing, ok := backends.As[backends.Capture](p.Open(t, "missing"))
	require.True(t, ok)
	require.ErrorIs(t, missing.Subscribe(t.Context(), "one"), backends.ErrNotFound)
	_, err := missing.Changes(t.Context(), "one", "", 1)
	require.ErrorIs(t, err, backends.ErrChangesLost)
	require.NoError(t, missing.Unsubscribe(t.Context(), "one"))
	none, err := missing.Consumers(t.Context())
	require.NoError(t, err)
	require.Empty(t, none)
	c.changed(t, 1, "a")
	have := c.pending(t, "one", 10)
	_, err = c.Changes(cancelled(t), "one", "", 1)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, c.Subscribe(cancelled(t), "two"), context.Canceled)
	require.ErrorIs(t, c.Acknowledge(cancelled(t), "one", have), context.Canceled)
	require.ErrorIs(t, c.Unsubscribe(cancelled(t), "one"), context.Canceled)
	require.Equal(t, have, c.pending(t, "one", 10))
	require.Len(t, c.counts(t), 1)
}

func testCaptureCrash(t *testing.T, p Place[backends.Source]) {
	c := openCaptured(t, p, "docs")
	require.NoError(t, c.Subscribe(t.Context(), "one"))
	c.settle(t, "one")
	c.changed(t, 1, number("item", 20)...)
	have := c.pending(t, "one", 100)
	require.NoError(t, c.Acknowledge(t.Context(), "one", have[:7]))
	page, err := c.Changes(t.Context(), "one", "", 3)
	require.NoError(t, err)
	if p.Crash != nil {
		p.Crash(t)
	}
	c = openCaptured(t, p, "docs")
	require.Equal(t, have[7:], c.pending(t, "one", 100), "what was acknowledged is forgotten, all else is kept")
	rest, err := c.Changes(t.Context(), "one", page.Next, 100)
	require.NoError(t, err)
	require.Equal(t, have[10:], rest.Items, "cursors outlive a crash")
	c.changed(t, 2, "later")
	require.Contains(t, changedIDs(c.pending(t, "one", 100)), "later")
	c.settle(t, "one")
}
