package verify_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// trusting is a collection whose driver takes each stamp at its word: it returns
// a text and payload under a stamp that they don't fit.
type trusting struct {
	backends.Generation
	text, payload string
}

func (g trusting) Fetch(ctx context.Context, ids []string) ([]backends.Record, error) {
	records, err := g.Generation.Fetch(ctx, ids)
	for i := range records {
		records[i].Text, records[i].Payload = g.text, []byte(g.payload)
	}
	return records, err
}

// Texts and payloads of collections are hashed again: what a driver says of its
// stamps is not taken on trust.
func TestTextsOfCollectionsAreHashedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	for _, tt := range []struct {
		name  string
		under trusting
		want  verify.Kind
	}{
		{"as stamped", trusting{w.target, text(0), ""}, ""},
		{"another text", trusting{w.target, text(1), ""}, verify.Stale},
		{"another payload", trusting{w.target, text(0), "{}"}, verify.Payload},
	} {
		p := w.pair()
		p.Target, p.HoldsText = tt.under, true
		res, err := verify.Backward(t.Context(), p, backends.Range{}, "", verify.Options{})
		require.NoError(t, err)
		if tt.want == "" {
			require.True(t, res.Report.Clean(), "%s: %v", tt.name, res.Report.Findings)
			continue
		}
		require.Equal(t, map[verify.Kind]int64{tt.want: 1}, res.Report.Counts, tt.name)
		p.HoldsText = false
		res, err = verify.Backward(t.Context(), p, backends.Range{}, "", verify.Options{})
		require.NoError(t, err)
		require.True(t, res.Report.Clean(), "elsewhere records hold no text")
	}
}
