package hashing

import "math"

// Weights of the features, in eighths of a word's. The n-grams of a word share
// theirs. They were set by hand on English texts of several kinds.
const (
	wordWeight = 8
	pairWeight = 3
	gramWeight = 12
	minGram    = 3
	maxGram    = 4
)

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
