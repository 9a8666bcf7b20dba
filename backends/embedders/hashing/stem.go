package hashing

import "bytes"

// stem cuts English inflections, so that "closes", "closed" and "closing" are
// one word: the first step of M. F. Porter, "An algorithm for suffix stripping"
// (Program, 1980), and a final "e". It returns a prefix of word, at times with
// its last letter changed. Words with other than small Latin letters are kept.
func stem(word []byte) []byte {
	for _, c := range word {
		if c < 'a' || c > 'z' {
			return word
		}
	}
	word = plural(word)
	word = participle(word)
	n := len(word)
	switch {
	case n > 3 && word[n-1] == 'y' && !vowel(word[n-2]):
		word[n-1] = 'i'
	case n > 3 && word[n-1] == 'e':
		word = word[:n-1]
	}
	return word
}

func plural(w []byte) []byte {
	n := len(w)
	switch {
	case n < 4 || w[n-1] != 's':
		return w
	case bytes.HasSuffix(w, []byte("sses")), bytes.HasSuffix(w, []byte("ies")) && n > 4:
		return w[:n-2]
	case w[n-2] == 's' || w[n-2] == 'u' || w[n-2] == 'i': // class, status, this
		return w
	}
	return w[:n-1]
}

func participle(w []byte) []byte {
	for _, suffix := range []string{"ing", "ed"} {
		root, ok := bytes.CutSuffix(w, []byte(suffix))
		if !ok || len(root) < 3 || !bytes.ContainsAny(root, "aeiouy") {
			continue
		}
		n := len(root)
		double := root[n-1] == root[n-2] && !vowel(root[n-1]) && root[n-1] != 'l' && root[n-1] != 's' && root[n-1] != 'z'
		if double { // stopping
			return root[:n-1]
		}
		return root
	}
	return w
}

func vowel(c byte) bool { return bytes.IndexByte([]byte("aeiou"), c) >= 0 }
