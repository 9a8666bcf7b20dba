package sqlite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reembed/reembed/backends"
)

// Config says which file a store is in, and how it is opened.
type Config struct {
	// Path of the database file. It is made if it does not exist; its folder is not.
	Path string
	// BusyTimeout is how long a write waits for other processes before it is
	// ErrUnavailable; 0 means 10 seconds.
	BusyTimeout time.Duration
	// ReadOnly opens an existing store and refuses all writes (ErrUnauthorized).
	ReadOnly bool
}

// WithDefaults fills what is zero.
func (c Config) WithDefaults() Config {
	c.BusyTimeout = cmp.Or(c.BusyTimeout, 10*time.Second)
	return c
}

// Validate returns an ErrInvalidInput that names the field.
func (c Config) Validate() error {
	switch {
	case c.Path == "":
		return fmt.Errorf("%w: path is missing", backends.ErrInvalidInput)
	case strings.Contains(c.Path, ":memory:"):
		return fmt.Errorf("%w: path %q: a store in memory is the driver memory", backends.ErrInvalidInput, c.Path)
	case strings.IndexByte(c.Path, 0) >= 0:
		return fmt.Errorf("%w: path with a NUL byte", backends.ErrInvalidInput)
	case c.BusyTimeout < 0:
		return fmt.Errorf("%w: busy timeout %s is negative", backends.ErrInvalidInput, c.BusyTimeout)
	}
	return nil
}

// Capture is how changes of a table are noticed.
type Capture string

// The ways.
const (
	CaptureNone      Capture = "none"       // the default: full passes find what changed
	CaptureJournal   Capture = "journal"    // by triggers on the table
	CaptureChangedAt Capture = "changed_at" // by a column of the application's
)

// Captures are all of them; the default first.
var Captures = []string{string(CaptureNone), string(CaptureJournal), string(CaptureChangedAt)}

// Table says where the items of a namespace are, and how their changes are noticed.
type Table struct {
	Name    string
	Key     string // column of the id; default "id"
	Text    string // column of the text; default "text"
	Payload string // column of the payload; empty: there is none

	// Capture is CaptureChangedAt by default where ChangedAt is set, else CaptureNone:
	// nobody's table gets triggers unasked.
	Capture Capture
	// JournalMaxBytes bounds what CaptureJournal keeps for one consumer; default 256 MiB.
	JournalMaxBytes int64
	// ChangedAt is the column of CaptureChangedAt, see the package's doc.
	ChangedAt string
	// Overlap is how much later a change may be committed than its ChangedAt says;
	// default 10 seconds.
	Overlap time.Duration
}

// WithDefaults fills what is empty.
func (t Table) WithDefaults() Table {
	t.Key = cmp.Or(t.Key, "id")
	t.Text = cmp.Or(t.Text, "text")
	if t.Capture == "" && t.ChangedAt != "" {
		t.Capture = CaptureChangedAt
	}
	t.Capture = cmp.Or(t.Capture, CaptureNone)
	t.JournalMaxBytes = cmp.Or(t.JournalMaxBytes, 256<<20)
	t.Overlap = cmp.Or(t.Overlap, 10*time.Second)
	return t
}

// reserved is the prefix of this package's own tables.
const reserved = "reembed_"

// Validate returns an ErrInvalidInput that names the field.
func (t Table) Validate() error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", backends.ErrInvalidInput, fmt.Sprintf(format, args...))
	}
	lower := strings.ToLower(t.Name)
	switch {
	case t.Name == "":
		return refuse("table is missing")
	case strings.HasPrefix(lower, reserved) || strings.HasPrefix(lower, "sqlite_"):
		return refuse("table %q: names that begin with %s or sqlite_ are taken", t.Name, reserved)
	case !slices.Contains(Captures, string(t.Capture)):
		return refuse("capture %q is none of %s", t.Capture, strings.Join(Captures, ", "))
	case t.Capture == CaptureChangedAt && t.ChangedAt == "":
		return refuse("capture changed_at: name its column")
	case t.Capture != CaptureChangedAt && t.ChangedAt != "":
		return refuse("column %q for capture changed_at, and capture %s", t.ChangedAt, t.Capture)
	case t.JournalMaxBytes < 0:
		return refuse("journal of %d bytes", t.JournalMaxBytes)
	case t.Overlap < 0:
		return refuse("overlap %s is negative", t.Overlap)
	}
	columns := map[string]string{}
	for _, c := range [][2]string{{"table", t.Name}, {"key", t.Key}, {"text", t.Text}, {"payload", t.Payload}, {"changed_at", t.ChangedAt}} {
		field, name := c[0], c[1]
		if !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0 {
			return refuse("%s is not a name: not UTF-8, or with a NUL byte", field)
		}
		if field == "table" || name == "" {
			continue
		}
		if other, ok := columns[strings.ToLower(name)]; ok {
			return refuse("%s and %s are the same column %q", other, field, name)
		}
		columns[strings.ToLower(name)] = field
	}
	return nil
}
