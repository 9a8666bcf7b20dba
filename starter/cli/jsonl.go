package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/starter/cli/layout"
)

// maxLine bounds a line of an imported file.
const maxLine = 64 << 20

// lines reads a JSONL file of items strictly: one object a line, with "id" and
// "text", and "payload" (or its other name "metadata"), which is any JSON value
// and kept byte by byte. Empty lines are skipped.
type lines struct {
	name    string
	scanner *bufio.Scanner
	line    int
}

func newLines(name string, r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	return &lines{name: name, scanner: s}
}

// lineError is what is wrong with one line; it never quotes the line.
type lineError struct {
	file string
	line int
	text string
}

func (e *lineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.file, e.line, e.text) }
func (e *lineError) Unwrap() error { return backends.ErrInvalidInput }

func (l *lines) wrong(format string, args ...any) error {
	return &lineError{l.name, l.line, fmt.Sprintf(format, args...)}
}

// next returns the next item, io.EOF behind the last one, or a *lineError, after
// which the next line may be read.
func (l *lines) next() (backends.Item, error) {
	for l.scanner.Scan() {
		l.line++
		raw := bytes.TrimSpace(l.scanner.Bytes())
		if l.line == 1 {
			raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")) // a byte order mark
		}
		if len(raw) == 0 {
			continue
		}
		return l.item(raw)
	}
	err := l.scanner.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		l.line++
		return backends.Item{}, fmt.Errorf("%w: %w", errTooLong, l.wrong("longer than %d MiB", maxLine>>20))
	case err != nil:
		return backends.Item{}, fmt.Errorf("read %s behind line %d: %w", l.name, l.line, err)
	}
	return backends.Item{}, io.EOF
}

// errTooLong ends the reading of a file: where the next line begins is not known.
var errTooLong = errors.New("line too long")

func (l *lines) item(raw []byte) (backends.Item, error) {
	if !utf8.Valid(raw) {
		return backends.Item{}, l.wrong("is not UTF-8")
	}
	fields, err := l.object(raw)
	if err != nil {
		return backends.Item{}, err
	}
	var item backends.Item
	if item.ID, err = l.text(fields, "id"); err != nil {
		return item, err
	}
	if err := backends.ValidateID(item.ID); err != nil {
		return item, l.wrong("id: %v", err)
	}
	if item.Text, err = l.text(fields, "text"); err != nil {
		return item, err
	}
	if item.Text == "" {
		return item, l.wrong("text is empty: there is nothing to embed")
	}
	item.Payload = fields["payload"]
	if metadata, ok := fields["metadata"]; ok {
		if item.Payload != nil {
			return item, l.wrong("has both payload and metadata, two names of one thing")
		}
		item.Payload = metadata
	}
	return item, nil
}

// object reads the fields of one object, and refuses unknown and doubled ones.
func (l *lines) object(raw []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if first, err := dec.Token(); err != nil || first != json.Delim('{') {
		return nil, l.wrong("is not a JSON object")
	}
	fields := map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, l.syntax(err)
		}
		name := key.(string) // the decoder has refused anything else
		switch name {
		case "id", "text", "payload", "metadata":
		default:
			return nil, l.wrong("unknown field %q: there are id, text and payload (or metadata)", layout.Cut(layout.OneLine(name), 40))
		}
		if _, ok := fields[name]; ok {
			return nil, l.wrong("has the field %s twice", name)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, l.syntax(err)
		}
		fields[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, l.syntax(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, l.wrong("has something behind its JSON object")
	}
	return fields, nil
}

// syntax says where the JSON ends to make sense; the decoder's own words may
// quote a character of the text.
func (l *lines) syntax(err error) error {
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return l.wrong("is not JSON, at byte %d", s.Offset)
	}
	return l.wrong("is not JSON: it ends too early")
}

func (l *lines) text(fields map[string]json.RawMessage, name string) (string, error) {
	raw, ok := fields[name]
	if !ok {
		return "", l.wrong("has no field %s", name)
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", l.wrong("%s is not a string", name)
	}
	if halfPair(raw) {
		return "", l.wrong("%s has half a surrogate pair, which is no character: what wrote it cut a text in two", name)
	}
	return *s, nil
}

// halfPair reports whether a JSON string has an escaped surrogate without its
// other half: the decoder would put U+FFFD in its place, and say nothing.
func halfPair(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		r := escaped(raw[i:])
		if r < 0 {
			i++ // a short escape; the next character is part of it
			continue
		}
		i += 5
		if !utf16.IsSurrogate(r) {
			continue
		}
		if i+1 >= len(raw) || utf16.DecodeRune(r, escaped(raw[i+1:])) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// escaped is the code unit of the \uXXXX that a text begins with, or -1.
func escaped(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}
