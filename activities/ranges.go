package activities

import "time"

// MaxRanges bounds the ranges of one task of a pass.
const MaxRanges = 500

const (
	// readsPerItem is how many items or records a sweep reads in the time in which
	// one is embedded; a guess, and a low one where a provider embeds.
	readsPerItem = 32
	fewRanges    = 16 // up to which their number grows with the root of the work
	longRange    = 40 // times the least work: no range is longer while MaxRanges allows

	oneWorker  = 4           // ranges that a worker does at once, unless told otherwise
	shortRange = time.Second // a range that takes less is not worth its start on another worker
)

// workOf is what a sweep over so many items or records takes, in items to be
// embedded, when so many of them have no record yet.
func workOf(items, missing int64) int64 {
	return max(0, missing) + (max(0, items)+readsPerItem-1)/readsPerItem
}

// cut decides into how many ranges a task is cut.
type cut struct {
	least   int64         // work of a range, in items to be embedded
	perItem time.Duration // that one range needs for it; 0: not known
}

// rangesFor is into how many ranges so much work is cut. Each costs about twenty
// events of history, and is what can go to another worker. So they are as few as
// keep a fleet busy: a power of two, which fills the slots evenly, that grows
// with the root of the work; and more only where ranges would get too long.
// Where an embedder is so fast that a second worker would come too late, they
// are no more than one worker does at once.
//
// With a least of 2,000: 4 for a copy of 20,000 items, 8 for one of 100,000, 16
// for a million, 136 for ten; and 4 for a look at a million.
func (c cut) rangesFor(work int64) int {
	few := int64(1)
	for few < fewRanges && few*few*c.least < work && !c.hasty(work, few) {
		few *= 2
	}
	long := longRange * c.least
	many := (work + long - 1) / long
	if many > few {
		many = (many + 7) / 8 * 8 // no wave of the window with one range alone
	}
	return int(min(max(few, many), MaxRanges))
}

// hasty reports whether ranges twice as many would keep one worker busy, and be
// done before another one mattered.
func (c cut) hasty(work, ranges int64) bool {
	each := float64(work) / float64(2*ranges) * float64(c.perItem)
	return c.perItem > 0 && ranges >= oneWorker && each < float64(shortRange)
}
