package openai

import (
	"bytes"
	"strconv"
)

// lift takes the vectors out of an answer before it is read as JSON: nearly all
// of its bytes are base64 or numbers, over which encoding/json goes three times,
// a byte at a time. (100 vectors of 1,536: 8 ms; with lift 1 ms.) In place of
// each stands a short string, "#0", "#1" and so on, its number in parts; no
// other string of the rest begins like that. What is lifted is checked by
// whoever decodes it, and everything else by encoding/json.
func lift(body []byte) (rest []byte, parts [][]byte) {
	rest = make([]byte, 0, 4096)
	for i := 0; i < len(body); {
		end, long := 0, false
		switch body[i] {
		case '"':
			end = i + stringLen(body[i:])
			long = end-i > longString || end-i > 2 && body[i+1] == '#'
		case '[':
			end = i + numbersLen(body[i:])
			long = end > i
		}
		switch {
		case long:
			rest = append(rest, `"#`...)
			rest = strconv.AppendInt(rest, int64(len(parts)), 10)
			rest = append(rest, '"')
			parts = append(parts, body[i:end:end])
		case end > i:
			rest = append(rest, body[i:end]...)
		default:
			end = i + 1
			rest = append(rest, body[i])
		}
		i = end
	}
	return rest, parts
}

// longString is more than the other strings of an answer have.
const longString = 80

// stringLen is the length of the JSON string that b begins with, both quotes
// included; all of b when it does not end.
func stringLen(b []byte) int {
	for at := 1; ; {
		i := bytes.IndexByte(b[at:], '"')
		if i < 0 {
			return len(b)
		}
		at += i + 1
		slashes := 0
		for j := at - 2; j > 0 && b[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return at
		}
	}
}

// numbersLen is the length of the array of numbers that b begins with, both
// brackets included; all of b when it does not end, 0 when it is another array.
// Python writes NaN and Infinity, and JSON's null stands for them elsewhere.
func numbersLen(b []byte) int {
	first := bytes.TrimLeft(b[1:min(len(b), 64)], " \t\r\n")
	if len(first) == 0 || bytes.IndexByte([]byte("-0123456789nNI"), first[0]) < 0 {
		return 0
	}
	// No search goes beyond the next array, so that all of them together take a
	// time in proportion to the body.
	next := len(b)
	if i := bytes.IndexByte(b[1:], '['); i >= 0 {
		next = 1 + i
	}
	end := bytes.IndexByte(b[:next], ']') + 1
	switch {
	case end == 0 && next == len(b):
		return len(b)
	case end == 0, bytes.IndexByte(b[:end], '"') >= 0, bytes.IndexByte(b[:end], '{') >= 0:
		return 0
	}
	return end
}

// lifted returns the part that stands in the rest as raw, and raw itself where
// none was lifted.
func lifted(raw []byte, parts [][]byte) []byte {
	if len(raw) < 4 || raw[0] != '"' || raw[1] != '#' {
		return raw
	}
	n, err := strconv.Atoi(string(raw[2 : len(raw)-1]))
	if err != nil || n >= len(parts) {
		return raw
	}
	return parts[n]
}
