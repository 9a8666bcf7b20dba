package hashing

import (
	"math"
	"sync"
)

// Weights of the features, in sixteenths. A word's n-grams share theirs.
const (
	wordWeight = 16
	pairWeight = 8
	gramWeight = 8
	minGram    = 3
	maxGram    = 5
)

// scratch is the working memory of one request.
type scratch struct {
	buf     []byte // letters of the words
	start   int    // where the open word begins in buf
	words   []word
	content int            // words that are no stop words
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
	s.buf, s.start, s.words, s.content = s.buf[:0], 0, s.words[:0], 0
	s.split(text)
	words := len(s.words)
	if words == 0 {
		return nil, 0
	}
	s.split(prefix)
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

// accumulate adds the weights of all features, with their signs or without.
func (s *scratch) accumulate(unsigned bool) {
	for _, f := range s.feats {
		times := damped(f.count)
		if f.letter == nil {
			s.add(f.hash, pairWeight*times, unsigned)
			continue
		}
		s.add(f.hash, wordWeight*times, unsigned)
		s.addGrams(f.letter, gramWeight*times, unsigned)
	}
}

// addGrams adds the n-grams of a word; their squares add up to weight's.
func (s *scratch) addGrams(letters []byte, weight int64, unsigned bool) {
	s.runes = append(s.runes[:0], 0)
	for i := range string(letters) {
		s.runes = append(s.runes, i+1)
	}
	s.runes = append(s.runes, len(letters)+1, len(letters)+2)
	marked := len(s.runes) - 1 // characters with both marks
	grams := 0
	for n := minGram; n <= min(maxGram, marked); n++ {
		grams += marked - n + 1
	}
	if grams == 0 {
		return
	}
	share := int64(float64(weight) / math.Sqrt(float64(grams)))
	at := func(i int) byte { // of "<letters>"
		switch i {
		case 0:
			return '<'
		case len(letters) + 1:
			return '>'
		}
		return letters[i-1]
	}
	for first := range marked {
		h := uint64(gramOffset)
		for n := 1; n <= maxGram && first+n <= marked; n++ {
			for i := s.runes[first+n-1]; i < s.runes[first+n]; i++ {
				h = (h ^ uint64(at(i))) * prime
			}
			if n >= minGram {
				s.add(mix(h), share, unsigned)
			}
		}
	}
}

func (s *scratch) add(hash uint64, weight int64, unsigned bool) {
	place := (hash >> 32) * uint64(len(s.sums)) >> 32
	if hash&1 != 0 && !unsigned {
		weight = -weight
	}
	s.sums[place] += weight
}

// damped is 1+ln(n) in sixty-fourths, rounded, so that the last bits of a
// machine's logarithm don't matter.
func damped(n int) int64 {
	if n < len(dampedTable) {
		return dampedTable[n]
	}
	return int64(math.Round(64 * (1 + math.Log(float64(n)))))
}

var dampedTable = func() (t [256]int64) {
	for n := 1; n < len(t); n++ {
		t[n] = int64(math.Round(64 * (1 + math.Log(float64(n)))))
	}
	return t
}()

// normalize returns the sums at unit length, false when all are zero. The
// conversions keep a compiler from fusing a product with a sum, which would
// round differently from machine to machine.
func normalize(sums []int64) ([]float32, bool) {
	var squares float64
	for _, x := range sums {
		f := float64(x)
		squares += float64(f * f)
	}
	if squares == 0 {
		return nil, false
	}
	norm := math.Sqrt(squares)
	v := make([]float32, len(sums))
	for i, x := range sums {
		v[i] = float32(float64(x) / norm)
	}
	return v, true
}

// FNV-1a (Fowler, Noll, Vo), 64 bits; n-grams begin elsewhere, so that they
// don't fall together with words.
const (
	offset     = 14695981039346656037
	gramOffset = offset ^ 0x9e3779b97f4a7c15
	prime      = 1099511628211
)

func hashBytes(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * prime
	}
	return h
}

// mix spreads a hash over all bits: the finalizer of MurmurHash3 (A. Appleby).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
