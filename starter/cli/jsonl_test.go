package cli

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// readAll reads all items of a text, until its end or a fatal error.
func readAll(text string) (items []backends.Item, wrong []string, err error) {
	l := newLines("f.jsonl", strings.NewReader(text))
	for {
		item, err := l.next()
		if err == io.EOF {
			return items, wrong, nil
		}
		if line, ok := errors.AsType[*lineError](err); ok && !errors.Is(err, errTooLong) {
			wrong = append(wrong, line.Error())
			continue
		}
		if err != nil {
			return items, wrong, err
		}
		items = append(items, item)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	items, wrong, err := readAll("\xef\xbb\xbf" + `{"id":"a","text":"one"}` + "\r\n\n" +
		`  {"text":"zw\u00f6lf \"Zeilen\"\n", "id":"ä/b", "payload": {"k": [1, 2.50], "n":null}}  ` + "\n" +
		`{"id":"c","text":"three","metadata":"m"}` + "\n" +
		`{"id":"d","text":"four","payload":null}` + "\n" +
		`{"id":"e","text":"\ud83d\uDE00 \\ud83d \ufffd"}`)
	require.NoError(t, err)
	require.Empty(t, wrong)
	require.Equal(t, []backends.Item{
		{ID: "a", Text: "one"},
		{ID: "ä/b", Text: "zwölf \"Zeilen\"\n", Payload: []byte(`{"k": [1, 2.50], "n":null}`)},
		{ID: "c", Text: "three", Payload: []byte(`"m"`)},
		{ID: "d", Text: "four", Payload: []byte(`null`)},
		{ID: "e", Text: "😀 \\ud83d \ufffd"},
	}, items)
}

func TestWrongLines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{"id":"a"}`:                                          "has no field text",
		`{"text":"secret"}`:                                   "has no field id",
		`{"id":7,"text":"secret"}`:                            "id is not a string",
		`{"id":"a","text":null}`:                              "text is not a string",
		`{"id":"a","text":["secret"]}`:                        "text is not a string",
		`{"id":"a","text":""}`:                                "text is empty: there is nothing to embed",
		`{"id":"","text":"secret"}`:                           "id: invalid input: empty id",
		`{"id":"a\u0000","text":"secret"}`:                    "id: invalid input: id with a NUL byte",
		`{"ID":"a","text":"secret"}`:                          `unknown field "ID": there are id, text and payload (or metadata)`,
		`{"id":"a","text":"secret","vector":[1]}`:             `unknown field "vector": there are id, text and payload (or metadata)`,
		`{"id":"a","id":"b","text":"secret"}`:                 "has the field id twice",
		`{"id":"a","text":"secret","payload":1,"metadata":2}`: "has both payload and metadata, two names of one thing",
		`{"id":"a","text":"secret"} {"id":"b"}`:               "has something behind its JSON object",
		`["secret"]`:                                          "is not a JSON object",
		`secret`:                                              "is not a JSON object",
		`{"id":"a","text":"secret"`:                           "is not JSON: it ends too early",
		`{"id":"a","text":"sec`:                               "is not JSON: it ends too early",
		`{"id":"a","text":secret}`:                            "is not JSON, at byte ",
		`{"id":"a","text":"secret \ud83d"}`:                   "text has half a surrogate pair",
		`{"id":"a","text":"\ude00\ud83d secret"}`:             "text has half a surrogate pair",
		`{"id":"a","text":"\ud83d\ud83d\ude00"}`:              "text has half a surrogate pair",
		`{"id":"a\udfff","text":"secret"}`:                    "id has half a surrogate pair",
		"{\"id\":\"a\",\"text\":\"\xff\"}":                    "is not UTF-8",
	} {
		items, wrong, err := readAll(`{"id":"first","text":"one"}` + "\n" + line + "\n" + `{"id":"last","text":"three"}`)
		require.NoError(t, err, line)
		require.Len(t, items, 2, line)
		require.Len(t, wrong, 1, line)
		require.True(t, strings.HasPrefix(wrong[0], "f.jsonl:2: "+want), "%s: %s", line, wrong[0])
		require.NotContains(t, wrong[0], "secret", "no error quotes a text")
	}
}

func TestLineTooLong(t *testing.T) {
	t.Parallel()
	items, _, err := readAll(`{"id":"a","text":"one"}` + "\n" + strings.Repeat("x", maxLine+1) + "\n")
	require.Len(t, items, 1)
	require.ErrorIs(t, err, errTooLong)
	require.ErrorContains(t, err, "f.jsonl:2: longer than 64 MiB")
}

// FuzzLines: whatever comes in, an item is sound or the line is refused.
func FuzzLines(f *testing.F) {
	f.Add(`{"id":"a","text":"b","payload":{"c":1}}`)
	f.Add("{\"id\":\"a\",\"text\":\"\\ud800\"}\n{}")
	f.Add(`{"id":"a","text":"b"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		items, _, err := readAll(text)
		require.NoError(t, err)
		for _, item := range items {
			require.NoError(t, backends.ValidateID(item.ID))
			require.NotEmpty(t, item.Text)
		}
	})
}
