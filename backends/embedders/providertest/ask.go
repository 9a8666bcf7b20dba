package providertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ask is the body of a request.
type ask struct {
	model      string
	texts      []string
	format     string // encoding_format, "" when not named
	dimensions int    // 0 when not named
}

// Errors of a body.
var (
	errNotJSON = errors.New("not JSON")
	errNoInput = errors.New("no input")
	errNull    = errors.New("input is null")
	errInput   = errors.New("input is neither a string nor an array of strings or tokens, or another field is of a wrong type")
	errFormat  = errors.New("encoding_format is neither float nor base64")
	errLength  = errors.New("dimensions is no positive integer")
)

// fields are those of a body that are read; all others are ignored.
type fields struct {
	Model          string  `json:"model"`
	EncodingFormat *string `json:"encoding_format"`
	Dimensions     *int    `json:"dimensions"`
}

// parse reads a body. What was understood is returned also with an error.
func parse(body []byte) (ask, error) {
	if !utf8.Valid(body) { // which encoding/json would mend, and servers do not
		return ask{}, errNotJSON
	}
	// The form that every client sends is read in one go.
	var usual struct {
		fields
		Input []string `json:"input"`
	}
	if err := json.Unmarshal(body, &usual); err == nil && !nullIn(body, usual.Input) {
		a, err := usual.ask()
		a.texts = usual.Input
		if usual.Input != nil {
			return a, err
		}
	}
	var other struct {
		fields
		Input json.RawMessage `json:"input"`
	}
	if err := json.Unmarshal(body, &other); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return ask{}, errInput
		}
		return ask{}, errNotJSON
	}
	a, err := other.ask()
	texts, bad := input(other.Input)
	a.texts = texts
	return a, errors.Join(err, bad)
}

// nullIn reports whether an array of texts may have had a null, which
// encoding/json reads as an empty string.
func nullIn(body []byte, texts []string) bool {
	for _, text := range texts {
		if text == "" {
			return bytes.Contains(body, []byte("null"))
		}
	}
	return false
}

func (f fields) ask() (ask, error) {
	a := ask{model: f.Model}
	if f.EncodingFormat != nil {
		a.format = *f.EncodingFormat
		if a.format != "float" && a.format != "base64" {
			return a, errFormat
		}
	}
	if f.Dimensions != nil {
		a.dimensions = *f.Dimensions
		if a.dimensions < 1 {
			return a, errLength
		}
	}
	return a, nil
}

// input reads the rarer forms: one string, one array of tokens, an array of
// such arrays. Tokens are taken for a text of their numbers.
func input(raw json.RawMessage) ([]string, error) {
	switch {
	case len(raw) == 0:
		return nil, errNoInput
	case string(raw) == "null":
		return nil, errNull
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, nil
	}
	var texts []*string
	if json.Unmarshal(raw, &texts) == nil {
		out := make([]string, len(texts))
		for i, text := range texts {
			if text == nil {
				return nil, errInput
			}
			out[i] = *text
		}
		return out, nil
	}
	var tokens []int
	if json.Unmarshal(raw, &tokens) == nil {
		return []string{numbers(tokens)}, nil
	}
	var many [][]int
	if json.Unmarshal(raw, &many) == nil {
		out := make([]string, len(many))
		for i, tokens := range many {
			out[i] = numbers(tokens)
		}
		return out, nil
	}
	return nil, errInput
}

func numbers(tokens []int) string {
	return strings.Trim(fmt.Sprint(tokens), "[]")
}
