package hashing

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// split appends the words of a text to s.words, lower-cased and stemmed. A word
// is a run of letters, digits and marks, cut at the humps of identifiers
// ("HTTPServer" is "http" and "server"); an apostrophe inside does not end it.
// Scripts that don't put spaces between words give a word per character.
func (s *scratch) split(text string) {
	var prev class
	for i, r := range text {
		c := classOf(r)
		switch {
		case c == none:
			if !joins(text, i, r, prev) {
				s.endWord()
				prev = none
			}
			continue
		case c == alone:
			s.endWord()
			s.buf = utf8.AppendRune(s.buf, r)
			s.endWord()
			prev = none
			continue
		case c == upper && prev == lower, // readFile
			c == upper && prev == upper && lowerFollows(text, i, r): // HTTPServer
			s.endWord()
		}
		s.buf = utf8.AppendRune(s.buf, unicode.ToLower(r))
		prev = c
	}
	s.endWord()
}

// class is what a character means for the borders of words.
type class uint8

const (
	none  class = iota // between words
	lower              // letters without case and digits too
	upper
	alone // a word of its own
)

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		return ascii[r]
	case r == utf8.RuneError:
		return none
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
		return alone
	case unicode.IsUpper(r) || unicode.IsTitle(r):
		return upper
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		return lower
	}
	return none
}

var ascii = func() (t [utf8.RuneSelf]class) {
	for r := range t {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			t[r] = lower
		case r >= 'A' && r <= 'Z':
			t[r] = upper
		}
	}
	return t
}()

// joins reports whether r, no letter itself, stands inside a word: "don't".
func joins(text string, i int, r rune, prev class) bool {
	if prev == none || (r != '\'' && r != '’') {
		return false
	}
	next, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
	return classOf(next) == lower
}

// lowerFollows looks behind r for the small letter that makes it the first of a
// new word; the "s" of a plural ("URLs") does not.
func lowerFollows(text string, i int, r rune) bool {
	rest := text[i+utf8.RuneLen(r):]
	next, size := utf8.DecodeRuneInString(rest)
	if classOf(next) != lower || unicode.IsDigit(next) {
		return false
	}
	if next != 's' {
		return true
	}
	behind, _ := utf8.DecodeRuneInString(rest[size:])
	return classOf(behind) == lower
}

// stops are English words that tell little of a text, and what is left of
// contractions. Single Latin letters are stop words as well.
var stops = func() map[string]struct{} {
	m := map[string]struct{}{}
	for word := range strings.FieldsSeq(stopList) {
		m[word] = struct{}{}
	}
	return m
}()

const stopList = `
about above after again all also am an and any are arent as at be because been
before being below between both but by can cannot cant could couldnt did didnt
do does doesnt doing dont down during each either else etc every few for from
further get had has have having he her here hers him his how however if im in
into is isnt it its itself ive just let lets like may me might more most much
must my myself need no nor not of off on once one only onto or other our out
over own per rather same shall she should so some such than that thats the
their them then there these they this those though through thus to too under
until up upon us use used uses using very via want was wasnt way we were what
whats when where whether which while who whom whose why will with within
without wont would you your yours`

func stop(word []byte) bool {
	if len(word) == 1 && word[0] >= 'a' {
		return true
	}
	_, ok := stops[string(word)]
	return ok
}
