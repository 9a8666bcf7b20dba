package reconcile

// Counts is what a sync did. It adds up: over attempts, segments, ranges, passes.
type Counts struct {
	Scanned     int64 `json:"scanned"`      // items or records looked at
	Current     int64 `json:"current"`      // found with the right stamp, nothing done
	Embedded    int64 `json:"embedded"`     // texts sent to the embedder and answered
	Shared      int64 `json:"shared"`       // items that took the vector of an equal text
	Written     int64 `json:"written"`      // records written with a vector
	PayloadOnly int64 `json:"payload_only"` // payloads rewritten, vector kept
	Deleted     int64 `json:"deleted"`
	Quarantined int64 `json:"quarantined"`
	// Moved are items that applications changed while they were written, so that
	// they were not: of syncs that write only what is still so.
	Moved    int64 `json:"moved,omitempty"`
	Requests int64 `json:"requests"` // embedding requests that were answered
	Tokens   int64 `json:"tokens"`   // as the provider counted them
	// Conflicts are items of a self-contained namespace that were found changed in
	// both collections; nothing was done about them.
	Conflicts int64 `json:"conflicts,omitempty"`
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.Scanned += o.Scanned
	c.Current += o.Current
	c.Embedded += o.Embedded
	c.Shared += o.Shared
	c.Written += o.Written
	c.PayloadOnly += o.PayloadOnly
	c.Deleted += o.Deleted
	c.Quarantined += o.Quarantined
	c.Moved += o.Moved
	c.Requests += o.Requests
	c.Tokens += o.Tokens
	c.Conflicts += o.Conflicts
}

// Dirty is how many items or records the sync found wrong.
func (c Counts) Dirty() int64 { return c.Written + c.PayloadOnly + c.Deleted + c.Moved }
