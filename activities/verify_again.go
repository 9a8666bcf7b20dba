package activities

import (
	"context"
	"errors"

	"github.com/reembed/reembed/activities/verify"
	"github.com/reembed/reembed/backends"
)

// VerifyAgain looks at what a verification found, after another sync, and reports
// what is still wrong in the same way, for the same text.
func (a *Activities) VerifyAgain(ctx context.Context, r SecondLook) (Verification, error) {
	_, stop := beat(ctx)
	defer stop()
	v, err := a.verifyAgain(ctx, r)
	return v, failed(ctx, err)
}

func (a *Activities) verifyAgain(ctx context.Context, r SecondLook) (Verification, error) {
	o, err := a.open(ctx, r.Job)
	if err != nil {
		return Verification{}, err
	}
	pair, err := o.verifyPair(ctx)
	if err != nil {
		return Verification{}, err
	}
	q, err := loadQuarantine(ctx, o)
	if err != nil {
		return Verification{}, err
	}
	return verify.Again(ctx, pair, r.Findings, verify.Options{Known: q.known})
}

const (
	movingPage = 1000
	// maxMoving bounds the changes that a segment of a verification remembers; what
	// is behind them counts as found.
	maxMoving = 200_000
)

// moving tells which items a source has told as changed that nobody has synced
// yet. It reads on where it read to: a verification runs beside no sync, so that
// what it has seen stays to be synced.
type moving struct {
	capture  backends.Capture
	consumer string
	after    backends.Cursor
	ids      map[string]bool
}

// among returns those of the ids that are told; none where changes were lost.
func (m *moving) among(ctx context.Context, ids []string) (map[string]bool, error) {
	if m.ids == nil {
		m.ids = map[string]bool{}
	}
	for len(m.ids) < maxMoving {
		told, err := m.capture.Changes(ctx, m.consumer, m.after, movingPage)
		if errors.Is(err, backends.ErrChangesLost) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, c := range told.Items {
			m.ids[c.ID] = true
		}
		m.after = told.Next
		if told.Done {
			break
		}
	}
	found := map[string]bool{}
	for _, id := range ids {
		found[id] = m.ids[id]
	}
	return found, nil
}
