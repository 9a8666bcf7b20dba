package reconcile

import (
	"cmp"
	"context"
	"time"

	"github.com/reembed/reembed/backends"
)

// Pair is a source and the generation that is to mirror it.
type Pair struct {
	Source        backends.Source
	Target        backends.Generation
	Embedder      backends.Embedder
	CopiesPayload bool // IndexTraits.CopiesPayload of the target's index
	// Collection is what the source reads, in a self-contained namespace: both
	// generations are backends.Collections then, and keep bases of each other. It may
	// be the target itself, whose vectors are made right then. nil elsewhere.
	Collection backends.Generation
	// Shared: applications write the target, too. A record whose text is refused
	// stays there.
	Shared bool
}

// Refusal is an item that can't be embedded.
type Refusal struct {
	ID      string
	Content string // hash of the text that was refused
	Reason  string // never the text
}

// Options bound one run. The zero value of each field has a default, but for
// the functions: a nil one is not called.
type Options struct {
	BatchSize      int           // inputs of one request; 100
	Concurrency    int           // requests at once; 4
	PageItems      int           // items of one read; about 1,000, fewer where vectors are long, a multiple of BatchSize
	MemoryBytes    int64         // texts, payloads and vectors in flight; 64 MiB
	MaxItems       int64         // hand back after about so many items; 0: no bound
	Budget         time.Duration // hand back after about so long; 0: no bound
	RequestTimeout time.Duration // of one embedding request; 2 min
	WriteTimeout   time.Duration // of one write, its fence included; backends.MaxWriteTimeout
	// PatienceMax is the longest wait for a throttled or failing embedder that
	// is sat out here; what asks for longer is returned to the caller. 10 s.
	PatienceMax time.Duration

	// Current has only that written which is still so in the source, where the
	// generation can tell: it is a backends.ConditionalWriter. What an application
	// changed meanwhile is left to the next sync. It costs a look at each write.
	Current bool

	// Stop, once closed, makes the run finish what it has begun and return.
	Stop <-chan struct{}
	// Known is the content hash under which an id was refused before: such an
	// item is not sent again while its text is the same.
	Known map[string]string
	// Fence is asked before each write; its error ends the run unwritten.
	Fence func(context.Context) error
	// Quarantine takes an item that can't be embedded; its error ends the run.
	Quarantine func(context.Context, Refusal) error
	// Recovered takes ids of Known whose records are right now: their refusal is
	// over. Its error ends the run.
	Recovered func(context.Context, []string) error
	// Report is called after each move of the watermark and after answered
	// requests were written, by one goroutine, with how far this run is.
	Report func(Result)

	moved func(ids []string) // is told which items were changed meanwhile
}

// WithDefaults fills in what is zero.
func (o Options) WithDefaults() Options {
	o.BatchSize = cmp.Or(o.BatchSize, 100)
	o.Concurrency = cmp.Or(o.Concurrency, 4)
	o.PageItems = cmp.Or(o.PageItems, o.BatchSize*max(1, 1000/o.BatchSize))
	o.MemoryBytes = cmp.Or(o.MemoryBytes, 64<<20)
	o.RequestTimeout = cmp.Or(o.RequestTimeout, 2*time.Minute)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, backends.MaxWriteTimeout)
	o.PatienceMax = cmp.Or(o.PatienceMax, 10*time.Second)
	return o
}

// withPages is WithDefaults with pages of which a few are in memory at once, or
// embedders would stand idle at the end of each.
func (o Options) withPages(dimensions int) Options {
	items := o.PageItems
	o = o.WithDefaults()
	if items == 0 {
		fit := o.MemoryBytes / 4 / max(1, int64(dimensions)*4*vectorCopies)
		o.PageItems = o.BatchSize * max(1, int(min(int64(o.PageItems), fit))/o.BatchSize)
	}
	return o
}

// Result is how far a run came. It is meaningful beside an error too.
type Result struct {
	Cursor backends.Cursor // the watermark: go on from here
	Done   bool            // the whole range is behind it
	Counts Counts
	// Ahead is how many items are done with in pages that the watermark has not
	// passed: they are not Scanned yet, and a later run looks at them again.
	Ahead int64
}

// limits decides when a run hands back.
type limits struct {
	o        Options
	deadline time.Time
}

func newLimits(o Options) limits {
	l := limits{o: o}
	if o.Budget > 0 {
		l.deadline = time.Now().Add(o.Budget)
	}
	return l
}

func (l limits) reached(scanned int64) bool {
	select {
	case <-l.o.Stop:
		return true
	default:
	}
	full := l.o.MaxItems > 0 && scanned >= l.o.MaxItems
	return full || (!l.deadline.IsZero() && time.Now().After(l.deadline))
}
