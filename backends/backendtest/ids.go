package backendtest

import (
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
)

// uglyIDs are ids that every store has to keep apart, byte by byte. Each has
// broken some store: by collation, by trimming, by a pattern, by a path, by
// quoting, by a number that was made of it.
var uglyIDs = []string{
	"a", "A", "a ", " a", "a\t", "a\n", "\na", "a\r\nb",
	"0", "00", "1", "01", "1.0", "1e3", "-1", "NaN", "null", "NULL", "true",
	"%", "_", "a%", "a_b", "axb", "*", "?", "[a]", "^a$", ".*",
	"'", "''", `"`, `""`, "`", `\`, `\\`, `a\nb`, "$1", "?1", ":x", "@x", "{{x}}", "${X}",
	"'; DROP TABLE docs; --", "1 OR 1=1", "/* x */", "--",
	"/", "..", "../../etc/passwd", "a/b/c", "C:\\x", "http://example.org/?q=1&r=2#f", "net/http.Client.Do",
	"\x01", "\x1f", "\x7f", "a\x01b", "\u0080", "\u2028", "\ufeff", "\ufeffa", "\u200b", "a\u200b", "\ufffd", "\uffff",
	"é", "e\u0301", "ß", "ss", "İ", "i", "ı", "ſ", "K", "\u212a", "ﬁ", "ä", "a\u0308",
	"日本語", "שלום", "مرحبا", "\u202eabc", "👍", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "\U0010ffff", "𝕏",
	`{"a":1}`, `["a"]`, "a,b", "a;b", "a:b", "a|b", "a=b", "a&b", "<a>", "#", "+", "%00", "%25", "\\u0000",
	strings.Repeat("x", backends.MaxIDBytes), strings.Repeat("x", backends.MaxIDBytes-1) + "y",
	strings.Repeat("é", backends.MaxIDBytes/2), strings.Repeat("👍", backends.MaxIDBytes/4),
}

// badIDs are refused by ValidateID.
var badIDs = map[string]string{
	"empty":         "",
	"NUL":           "a\x00b",
	"only NUL":      "\x00",
	"too long":      strings.Repeat("x", backends.MaxIDBytes+1),
	"not UTF-8":     "a\xffb",
	"cut rune":      "a\xc3",
	"a surrogate":   "\xed\xa0\x80",
	"too long rune": strings.Repeat("é", backends.MaxIDBytes/2) + "é",
}

// HostileIDs are ids, and texts, for the tests of what stands above stores.
func HostileIDs() []string { return slices.Clone(uglyIDs) }
