package activities

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/reembed/reembed/backends/catalog"
)

// Activities hosts the work of jobs. Its exported methods are the activities;
// workflows name them by method value of a nil pointer.
type Activities struct {
	World    *catalog.World
	Temporal client.Client // signals the gate, and looks at who holds a lease
	Settings Settings
	Observer Observer // nil: nobody is told
}

// Settings are a worker's own: they become data of a job in Resolve, or bound
// what one activity takes of the machine.
type Settings struct {
	BatchSize         int           // default of Request.BatchSize; 100
	JobTimeout        time.Duration // default of Request.TimeoutSeconds; 0: none
	Soak              time.Duration // default of Request.SoakSeconds; 0: no soak
	MaxConcurrentJobs int           // seeds the gate once; 3
	Concurrency       int           // embedding requests at once in one segment; 4
	MemoryBytes       int64         // in flight in one segment; 64 MiB
	SegmentBudget     time.Duration // how long a segment works before it hands back; 30 s
	RangeItems        int           // the least work of a range, in items to be embedded, more or less; 2,000
	Window            int           // ranges of one job at once; 8
	ContinueAfter     int           // history events of a job's run before it goes on in a new one; 4,000
}

// Observer is told what metrics count. Implementations are safe for concurrent use.
type Observer interface {
	JobEnded(state string)
	// Synced is told after each segment what it did.
	Synced(c Counts)
}

// WithDefaults fills in what is zero; a zero JobTimeout or Soak stays one: it
// means none.
func (s Settings) WithDefaults() Settings {
	s.BatchSize = cmp.Or(s.BatchSize, 100)
	s.MaxConcurrentJobs = cmp.Or(s.MaxConcurrentJobs, DefaultMaxJobs)
	s.Concurrency = cmp.Or(s.Concurrency, 4)
	s.MemoryBytes = cmp.Or(s.MemoryBytes, 64<<20)
	s.SegmentBudget = cmp.Or(s.SegmentBudget, 30*time.Second)
	s.RangeItems = cmp.Or(s.RangeItems, 2000)
	s.Window = cmp.Or(s.Window, 8)
	s.ContinueAfter = cmp.Or(s.ContinueAfter, 4000)
	return s
}
