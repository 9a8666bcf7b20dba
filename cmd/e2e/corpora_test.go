package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/backendtest"
	"github.com/reembed/reembed/workflows"
)

// hostileLines are items with ids that stores and JSON trip over, and the same
// in their texts.
func hostileLines() string {
	var b strings.Builder
	for i, id := range backendtest.HostileIDs() {
		raw, _ := json.Marshal(map[string]string{"id": id, "text": fmt.Sprintf("%s hostile entry%d %s", id, i, id)})
		b.Write(raw)
		b.WriteByte('\n')
	}
	return b.String()
}

// TestOddCorpora takes through whole jobs what is no ordinary corpus.
func TestOddCorpora(t *testing.T) {
	t.Parallel()
	r := newRig(t, setting{more: []string{"empty", "blank", "hostile"}, lines: func(ns string) string {
		switch ns {
		case "empty":
			return lines(ns, 1)
		case "hostile":
			return hostileLines()
		}
		return lines(ns, 100)
	}})
	r.worker()
	large := func(ns string) workflows.Request { return workflows.Request{Namespace: ns, To: "large"} }

	t.Run("two items with one text", func(t *testing.T) {
		s := r.complete(r.begin(large("docs")), "docs")
		require.EqualValues(t, 90, s.Progress.Totals.Embedded, "each text once")
		require.EqualValues(t, 100, s.Progress.Totals.Written)
	})
	t.Run("source is target", func(t *testing.T) {
		before := r.route("docs")
		statements("UPDATE docs SET text = 'of another subject now' WHERE id = 'docs/00003'")(r)
		req := large("docs")
		req.From = "large"
		s := r.complete(r.begin(req), "docs")
		require.EqualValues(t, 1, s.Progress.Totals.Written, "what was changed is embedded, nothing else")
		require.Equal(t, before, r.route("docs"))
	})
	t.Run("hostile ids and texts", func(t *testing.T) {
		s := r.complete(r.begin(large("hostile")), "hostile")
		require.EqualValues(t, len(backendtest.HostileIDs()), s.Verification.Items)
	})
	t.Run("empty namespace", func(t *testing.T) {
		statements("DELETE FROM empty")(r)
		s := r.finish(r.begin(large("empty")))
		require.Equal(t, workflows.Completed, s.State, "%s: %s", s.ErrorCode, s.Reason)
		require.Contains(t, s.Plan.Notes, "the namespace is empty")
		require.Equal(t, "large", r.route("empty").Model)
		out := r.reembed("search", "empty", "entry")
		require.NotContains(t, out, "empty/00000", "what is gone from the source is found no more")

		statements("INSERT INTO empty (id, text) VALUES ('first', 'the first entry of all')")(r)
		r.complete(r.begin(large("empty")), "empty")
	})
	t.Run("texts without a word", func(t *testing.T) {
		statements(`INSERT INTO blank (id, text) VALUES ('nothing', ''), ('spaces', '   '), ('lines', char(10) || char(9) || char(13)), ('wide', char(160) || char(8195))`)(r)
		s := r.finish(r.begin(large("blank")))
		require.Equal(t, "QUARANTINE_NOT_WAIVED", s.ErrorCode, s.Reason)
		require.Contains(t, s.Reason, "4 items have no vector and are not waived: lines, nothing, spaces, wide")
		require.Equal(t, "small", r.route("blank").Model)
		out := r.reembed("start", "blank", "--to", "large", "--wait",
			"--waive", "lines", "--waive", "nothing", "--waive", "spaces", "--waive", "wide")
		require.Contains(t, out, "COMPLETED")
		statements("DELETE FROM blank WHERE id NOT LIKE 'blank/%'")(r)
		r.everyVectorIsRight("blank", "large")
	})
}
