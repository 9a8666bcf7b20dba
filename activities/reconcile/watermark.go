package reconcile

import "github.com/reembed/reembed/backends"

// watermark is the cursor behind the contiguous prefix of done pages, however
// far out of order the pages behind it were finished.
type watermark struct {
	cursor backends.Cursor
	last   bool    // the range's last page is behind it
	queue  []*page // in order, not yet behind it
}

func (m *watermark) push(p *page) { m.queue = append(m.queue, p) }

// advance moves over all pages that are done, and returns them.
func (m *watermark) advance() []*page {
	n := 0
	for n < len(m.queue) && m.queue[n].open == 0 {
		m.cursor, m.last = m.queue[n].next, m.queue[n].last
		n++
	}
	done := m.queue[:n:n]
	m.queue = m.queue[n:]
	return done
}
