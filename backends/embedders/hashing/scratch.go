package hashing

import "sync"

// scratch is the working memory of one request.
type scratch struct {
	buf     []byte // letters of the words
	start   int    // where the open word begins in buf
	words   []word
	content int            // words of the text that are no stop words
	seen    map[uint64]int // feature -> its place in features
	feats   []feature
	runes   []int
	sums    []int64
}

type word struct {
	from, to int // in buf
	stop     bool
}

// feature is a word or a pair, with how often it occurs.
type feature struct {
	hash   uint64
	count  int
	letter []byte // of a word; nil for a pair
}

// What a scratch keeps from a large text, for the next request or text.
const (
	keepBytes    = 1 << 20
	keepFeatures = 1 << 12
)

var scratches = sync.Pool{New: func() any { return &scratch{seen: map[uint64]int{}} }}

func takeScratch() *scratch { return scratches.Get().(*scratch) }

func (s *scratch) giveBack() {
	if cap(s.buf) <= keepBytes {
		scratches.Put(s)
	}
}

// embed returns the vector and how many words the text has without the prefix;
// none, no vector.
func (s *scratch) embed(prefix, text string, dimensions int) ([]float32, int) {
	s.buf, s.start, s.words = s.buf[:0], 0, s.words[:0]
	s.split(prefix)
	words := len(s.words)
	s.content = 0
	s.split(text)
	if words = len(s.words) - words; words == 0 {
		return nil, 0
	}
	s.collect()
	s.sums = append(s.sums[:0], make([]int64, dimensions)...)
	s.accumulate(false)
	v, ok := normalize(s.sums)
	if !ok { // all signs cancelled, as they may in very few dimensions
		s.accumulate(true)
		v, _ = normalize(s.sums)
	}
	return v, words
}

// endWord closes the open word, if there is one.
func (s *scratch) endWord() {
	if len(s.buf) == s.start {
		return
	}
	w := word{from: s.start, stop: stop(s.buf[s.start:])}
	w.to = w.from + len(stem(s.buf[s.start:]))
	s.buf = s.buf[:w.to]
	s.start = w.to
	s.words = append(s.words, w)
	if !w.stop {
		s.content++
	}
}

// collect counts words, and pairs of words with no other but stop words between.
func (s *scratch) collect() {
	if len(s.feats) > keepFeatures { // a cleared map stays as large, and as slow to clear
		s.seen = map[uint64]int{}
	}
	clear(s.seen)
	s.feats = s.feats[:0]
	var prev uint64
	for _, w := range s.words {
		if w.stop && s.content > 0 {
			continue
		}
		letters := s.buf[w.from:w.to]
		h := mix(hashBytes(offset, letters))
		s.count(h, letters)
		if prev != 0 {
			s.count(mix(prev*3+h), nil)
		}
		prev = h
	}
}

func (s *scratch) count(hash uint64, letters []byte) {
	if i, ok := s.seen[hash]; ok {
		s.feats[i].count++
		return
	}
	s.seen[hash] = len(s.feats)
	s.feats = append(s.feats, feature{hash: hash, count: 1, letter: letters})
}
