package storm

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// content is an item as the application has it.
type content struct{ text, payload string }

// write is one change of an item.
type write struct {
	at   time.Duration // since the book was begun
	what string
	content
	gone bool
	done bool // it is known to be committed
}

// book is all that was ever written to a set. A write is noted before it begins,
// so that a reader finds in it whatever a store can hold.
type book struct {
	begun time.Time
	mu    sync.Mutex
	items map[string][]write
}

func newBook() *book { return &book{begun: time.Now(), items: map[string][]write{}} }

// begin notes what is about to be written.
func (b *book) begin(id, what string, c content, gone bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items[id] = append(b.items[id], write{at: time.Since(b.begun), what: what, content: c, gone: gone})
}

// committed notes that the latest write of the item is there.
func (b *book) committed(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	writes := b.items[id]
	writes[len(writes)-1].done = true
}

// last is an item as it was last written.
func (b *book) last(id string) content {
	b.mu.Lock()
	defer b.mu.Unlock()
	writes := b.items[id]
	return writes[len(writes)-1].content
}

// texts are those that an item ever had; none of an id that never was.
func (b *book) texts(id string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var texts []string
	for _, w := range slices.Backward(b.items[id]) {
		if !w.gone && !slices.Contains(texts, w.text) {
			texts = append(texts, w.text)
		}
	}
	return texts
}

// now are the items as they were last written.
func (b *book) now() map[string]content {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := map[string]content{}
	for id, writes := range b.items {
		if last := writes[len(writes)-1]; !last.gone {
			items[id] = last.content
		}
	}
	return items
}

// differs says where a store's items are not those of the book.
func (b *book) differs(items map[string]content) error {
	want := b.now()
	if maps.Equal(want, items) {
		return nil
	}
	var wrong []string
	for id, c := range want {
		if items[id] != c {
			wrong = append(wrong, id)
		}
	}
	for id := range items {
		if _, ok := want[id]; !ok {
			wrong = append(wrong, id)
		}
	}
	slices.Sort(wrong)
	return fmt.Errorf("%d items are not as the application wrote them:\n%s", len(wrong), b.histories(wrong))
}

// maxShown bounds the histories of a report.
const maxShown = 10

// histories are the writes of the ids, as hashes.
func (b *book) histories(ids []string) string {
	var out strings.Builder
	for _, id := range ids[:min(len(ids), maxShown)] {
		fmt.Fprintf(&out, "  %s was written as\n%s", id, b.history(id))
	}
	return out.String()
}

func (b *book) history(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out strings.Builder
	for _, w := range b.items[id] {
		fmt.Fprintf(&out, "    %8.3fs  %-9s", w.at.Seconds(), w.what)
		if w.gone {
			out.WriteString(" gone")
		} else {
			fmt.Fprintf(&out, " text %s, payload %s", hash(w.text)[:12], hash(w.payload)[:12])
		}
		if !w.done {
			out.WriteString(" (not known to be committed)")
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// hash is the content hash of a stamp as it is documented: 128 bits of SHA-256.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
