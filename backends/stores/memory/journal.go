package memory

import (
	"slices"
	"sort"
	"strconv"
)

// consumer is a journal: the last change of each item that was not acknowledged.
type consumer struct {
	most    int
	deletes bool // it is told of deletes
	lost    bool
	marks   map[string]int64 // by id
	// written has the changes in the order of their marks, and among them those
	// that are not current any more; swept out when they are more than half.
	written []change
}

type change struct {
	mark int64
	id   string
}

func newConsumer(t Table) *consumer {
	return &consumer{most: t.MaxChanges, deletes: t.Capture == CaptureJournal, marks: map[string]int64{}}
}

func (c *consumer) note(id string, mark int64) {
	if c.lost {
		return
	}
	c.marks[id] = mark
	c.written = append(c.written, change{mark, id})
	if len(c.marks) > c.most {
		c.lost, c.marks, c.written = true, nil, nil
		return
	}
	c.sweep()
}

func (c *consumer) current(w change) bool { return c.marks[w.id] == w.mark }

// forget forgets a change, if it is the item's last.
func (c *consumer) forget(id, mark string) {
	if have, ok := c.marks[id]; ok && strconv.FormatInt(have, 10) == mark {
		delete(c.marks, id)
	}
}

func (c *consumer) sweep() {
	if len(c.written) > 2*len(c.marks)+100 {
		c.written = slices.DeleteFunc(c.written, func(w change) bool { return !c.current(w) })
	}
}

// behind returns at most limit current changes behind a mark, and whether there are more.
func (c *consumer) behind(mark int64, limit int) (found []change, more bool) {
	at := sort.Search(len(c.written), func(i int) bool { return c.written[i].mark > mark })
	for _, w := range c.written[at:] {
		switch {
		case !c.current(w):
		case len(found) == limit:
			return found, true
		default:
			found = append(found, w)
		}
	}
	return found, false
}
