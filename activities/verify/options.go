package verify

import (
	"cmp"
	"context"
	"time"

	"github.com/reembed/reembed/backends"
)

// Pair is a source and the generation that is looked at.
type Pair struct {
	Source        backends.Source
	Target        backends.Generation
	Model         backends.Model // that the target's vectors have to be of
	CopiesPayload bool           // IndexTraits.CopiesPayload of the target's index
	// HoldsText: records hold their items' texts, in a self-contained namespace.
	// Texts and payloads are hashed again then, and compared with the stamps.
	HoldsText bool
}

// Options bound one pass, or one share of it.
type Options struct {
	PageItems int           // items or records of one read; 500, fewer where vectors are long
	PageBytes int           // of texts and payloads of one read; 16 MiB
	MaxItems  int64         // hand back after about so many; 0: no bound
	Budget    time.Duration // hand back after about so long; 0: no bound

	// Stop, once closed, makes the pass return after the page at hand.
	Stop <-chan struct{}
	// Known is the content hash under which an id was quarantined: while its
	// text is the same it has no record, and that is not a finding.
	Known map[string]string
	// Counts returns those of the findings of a second look that count; nil: all do.
	Counts func(context.Context, []Finding) ([]Finding, error)
	// Moving returns those of the ids that the source has told as changed and nobody
	// has synced yet: what a change explains is no finding, but counted apart.
	Moving func(context.Context, []string) (map[string]bool, error)
	// Seen is called after each page with all that this call found so far.
	Seen func(backends.Cursor, Report)
}

// pageVectorBytes bounds the vectors of one page.
const pageVectorBytes = 16 << 20

func (o Options) withDefaults(dimensions int) Options {
	o.PageItems = cmp.Or(o.PageItems, 500)
	o.PageBytes = cmp.Or(o.PageBytes, 16<<20)
	if dimensions > 0 {
		o.PageItems = max(1, min(o.PageItems, pageVectorBytes/(4*dimensions)))
	}
	return o
}

// Result is how far a pass came. It is meaningful beside an error too.
type Result struct {
	Cursor backends.Cursor // go on from here
	Done   bool            // the whole range is behind it
	Report Report
}

// share says when a call hands back.
type share struct {
	o     Options
	until time.Time
	seen  int64
}

func newShare(o Options) *share {
	s := &share{o: o}
	if o.Budget > 0 {
		s.until = time.Now().Add(o.Budget)
	}
	return s
}

func (s *share) spent() bool {
	select {
	case <-s.o.Stop:
		return true
	default:
	}
	if s.o.MaxItems > 0 && s.seen >= s.o.MaxItems {
		return true
	}
	return !s.until.IsZero() && !time.Now().Before(s.until)
}

// counted are the findings that count.
func (o Options) counted(ctx context.Context, found []Finding) ([]Finding, error) {
	if o.Counts == nil || len(found) == 0 {
		return found, nil
	}
	return o.Counts(ctx, found)
}
