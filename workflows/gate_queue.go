package workflows

import (
	"cmp"
	"slices"

	"github.com/reembed/reembed/activities"
)

const (
	// defaultGateEvents is the ContinueAfter of a gate that was started without one.
	defaultGateEvents = 500
	// maxGateBytes bounds the gate's state: its next run is given all of it, and
	// the server takes no more than 2 MB. It is room for about 5,000 jobs; one that
	// finds none asks again.
	maxGateBytes = 1 << 20
)

// gateQueue is the gate's logic without Temporal: who waits, who holds a slot,
// who is next. Slices only, so that its order is the same on every replay.
type gateQueue struct {
	GateState
}

// newGateQueue fills in what a gate that was started by hand leaves out. A limit
// of zero that was set by signal stays: it holds all jobs back.
func newGateQueue(s GateState) *gateQueue {
	if !s.Warm {
		s.Limit = cmp.Or(s.Limit, activities.DefaultMaxJobs)
	}
	s.ContinueAfter = cmp.Or(s.ContinueAfter, defaultGateEvents)
	return &gateQueue{s}
}

// asked is what became of a request.
type asked int

const (
	dropped  asked = iota // hand-made and unusable, or there is no room for it
	waits                 // in the queue
	again                 // holds a slot already: to be told once more
	honoured              // says that it holds a slot: counted, never evicted
)

// acquire takes a job's request, also a repeated one.
func (q *gateQueue) acquire(r activities.SlotRequest) asked {
	if !usable(r) {
		return dropped
	}
	if h := find(q.Holders, r); h >= 0 {
		q.Holders[h].Nonce, q.Holders[h].Granted = r.Nonce, false
		return again
	}
	if r.Held {
		q.withdraw(r)
		q.unpark(r)
		q.Holders = append(q.Holders, r)
		return honoured
	}
	if !r.Parked {
		q.unpark(r)
	}
	if w := find(q.Waiting, r); w >= 0 {
		q.Waiting[w] = r
		return waits
	}
	if q.bytes()+bytesOf(r) > maxGateBytes {
		return dropped
	}
	if r.Parked && find(q.Parked, r) < 0 { // a gate that was ended did not know
		q.Parked = append(q.Parked, r)
	}
	q.Waiting = append(q.Waiting, r)
	return waits
}

// usable reports whether a request is whole and has ids that the server takes:
// a command with any other would be refused at each try, and the gate with it.
func usable(r activities.SlotRequest) bool {
	for _, id := range []string{r.Job, r.FirstRun, r.Nonce, r.Namespace} {
		if id == "" || len(id) > maxServerID {
			return false
		}
	}
	return true
}

// bytes is about how much room the state takes as JSON.
func (q *gateQueue) bytes() (n int) {
	for _, r := range q.Holders {
		n += bytesOf(r)
	}
	for _, r := range q.Waiting {
		n += bytesOf(r)
	}
	for _, r := range q.Parked {
		n += bytesOf(r)
	}
	return n
}

func bytesOf(r activities.SlotRequest) int {
	const names = 120 // of the fields, and the numbers
	return names + len(r.Job) + len(r.FirstRun) + len(r.Nonce) + len(r.Namespace)
}

// withdraw takes a job out of the queue. One that holds a slot keeps it until it
// parks, or is seen closed.
func (q *gateQueue) withdraw(r activities.SlotRequest) {
	if w := find(q.Waiting, r); w >= 0 {
		q.Waiting = slices.Delete(q.Waiting, w, w+1)
	}
}

// release frees the job's slot.
func (q *gateQueue) release(r activities.SlotRequest) {
	if h := find(q.Holders, r); h >= 0 {
		q.Holders = slices.Delete(q.Holders, h, h+1)
	}
}

// park takes the slot back of a job that waits for people: of exactly the holding
// that the job means, by its nonce, as the job may hold another by now. It keeps
// its namespace.
func (q *gateQueue) park(r activities.SlotRequest) {
	if !usable(r) {
		return
	}
	if h := find(q.Holders, r); h >= 0 {
		if q.Holders[h].Nonce != r.Nonce {
			return
		}
		q.Holders = slices.Delete(q.Holders, h, h+1)
	}
	if find(q.Parked, r) < 0 {
		r.Held, r.Granted, r.Parked = false, false, true
		q.Parked = append(q.Parked, r)
	}
}

// unpark forgets that a job is parked.
func (q *gateQueue) unpark(r activities.SlotRequest) {
	if p := find(q.Parked, r); p >= 0 {
		q.Parked = slices.Delete(q.Parked, p, p+1)
	}
}

// over forgets a job that is closed, whatever it had or wanted.
func (q *gateQueue) over(r activities.SlotRequest) {
	q.release(r)
	q.unpark(r)
	q.withdraw(r)
}

// delivered records that the job received the grant with this nonce.
func (q *gateQueue) delivered(r activities.SlotRequest) {
	if h := find(q.Holders, r); h >= 0 && q.Holders[h].Nonce == r.Nonce {
		q.Holders[h].Granted = true
	}
}

// resize sets how many jobs may run at once; holders are never evicted.
func (q *gateQueue) resize(limit int) {
	if limit >= 0 {
		q.Limit = limit
	}
}

// next moves those whose turn it is from the queue to the holders, and returns
// them: the most urgent first, then the earliest started; a job whose namespace
// is busy lets others pass.
func (q *gateQueue) next() []activities.SlotRequest {
	slices.SortStableFunc(q.Waiting, func(a, b activities.SlotRequest) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.StartedAt, b.StartedAt))
	})
	var granted []activities.SlotRequest
	for i := 0; i < len(q.Waiting) && len(q.Holders) < q.Limit; {
		r := q.Waiting[i]
		if q.busy(r) {
			i++
			continue
		}
		q.Waiting = slices.Delete(q.Waiting, i, i+1)
		q.unpark(r)
		r.Parked = false
		q.Holders = append(q.Holders, r)
		q.Granted++
		granted = append(granted, r)
	}
	return granted
}

// busy reports whether another job has the namespace. Of one that is parked no
// other job has it: whoever holds a slot for it waits for this one to end.
func (q *gateQueue) busy(r activities.SlotRequest) bool {
	same := func(o activities.SlotRequest) bool { return o.Namespace == r.Namespace }
	return find(q.Parked, r) < 0 && (slices.ContainsFunc(q.Holders, same) || slices.ContainsFunc(q.Parked, same))
}

// recovered adds what the memos of the running jobs say.
func (q *gateQueue) recovered(found GateState) {
	for _, h := range found.Holders {
		if find(q.Holders, h) < 0 {
			q.withdraw(h)
			q.unpark(h)
			q.Holders = append(q.Holders, h)
		}
	}
	for _, p := range found.Parked {
		if find(q.Holders, p) < 0 && find(q.Parked, p) < 0 {
			q.Parked = append(q.Parked, p)
		}
	}
	for _, w := range found.Waiting {
		if find(q.Holders, w) < 0 && find(q.Waiting, w) < 0 {
			q.Waiting = append(q.Waiting, w)
		}
	}
	q.Warm = true
}

// find returns the place of the job's chain of runs, or -1.
func find(in []activities.SlotRequest, r activities.SlotRequest) int {
	return slices.IndexFunc(in, func(o activities.SlotRequest) bool { return o.Job == r.Job && o.FirstRun == r.FirstRun })
}
