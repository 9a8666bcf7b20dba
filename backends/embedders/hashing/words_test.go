package hashing

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func words(text string) []string {
	s := &scratch{seen: map[uint64]int{}}
	s.split(text)
	var out []string
	for _, w := range s.words {
		out = append(out, string(s.buf[w.from:w.to]))
	}
	return out
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                         nil,
		" \t\n.,;!?() … 🎉":         nil,
		"one, two":                 {"one", "two"},
		"readFile ReadFile":        {"read", "fil", "read", "fil"},
		"HTTPServer parseHTTP":     {"http", "server", "pars", "http"},
		"URLs Files":               {"url", "fil"},
		"SHA256 utf8String":        {"sha256", "utf8", "string"},
		"x_y-z":                    {"x", "y", "z"},
		"don't rock'n'roll 'tis'":  {"dont", "rocknroll", "tis"},
		"Größe ÄNDERUNG":           {"größe", "änderung"},
		"日本語 text":                 {"日", "本", "語", "text"},
		"broken \xff\xfe bytes":    {"broken", "byt"},
		"e\u0301te\u0301":          {"e\u0301te\u0301"},
		"Ελληνικά ΕΛΛΗΝΙΚΆ":        {"ελληνικά", "ελληνικά"},
		"classes class status bus": {"class", "class", "status", "bus"},
	} {
		require.Equal(t, want, words(text), "%q", text)
	}
}

func TestStem(t *testing.T) {
	t.Parallel()
	for want, forms := range map[string][]string{
		"clos":   {"close", "closes", "closed", "closing"},
		"stop":   {"stop", "stops", "stopped", "stopping"},
		"copi":   {"copy", "copies", "copied"},
		"call":   {"call", "calls", "called", "calling"},
		"class":  {"class", "classes"},
		"tim":    {"time", "times", "timed", "timing"},
		"string": {"string", "strings"},
		"red":    {"red"},
		"ring":   {"ring", "rings"},
		"größe":  {"größe"},
		"s3":     {"s3"},
	} {
		for _, form := range forms {
			require.Equal(t, want, string(stem([]byte(form))), form)
		}
	}
}

func TestStopWords(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{
		"the": true, "how": true, "dont": true, "a": true, "x": true,
		"7": false, "é": false, "file": false, "日": false,
	} {
		require.Equal(t, want, stop([]byte(word)), word)
	}
}
