package openai

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/reembed/reembed/backends"
)

// answer is a success as servers write it. Protocol buffers leave out an index
// of 0, so that a missing one is 0; that each input is named once is checked.
type answer struct {
	Data []struct {
		Index     int             `json:"index"`
		Embedding json.RawMessage `json:"embedding"`
	} `json:"data"`
	Usage struct {
		Prompt count `json:"prompt_tokens"`
		Total  count `json:"total_tokens"`
	} `json:"usage"`
}

// errComplaint is a failure that was sent with the status of a success.
var errComplaint = errors.New("an error in place of embeddings")

// count is a number that nobody's work rests on: what is none, or absurd, is 0.
type count int64

// UnmarshalJSON never fails.
func (c *count) UnmarshalJSON(raw []byte) error {
	var n float64
	if err := json.Unmarshal(raw, &n); err == nil && n >= 0 && n < 1<<40 {
		*c = count(math.Round(n))
	}
	return nil
}

// decode reads a success: n vectors of the model, in the order of the inputs.
// ErrUnavailable when it is not the JSON of an answer, ErrInvalidVector when its
// vectors can't be read or matched to the inputs, ErrDimension when one has
// another length than the model declares, errComplaint when it tells of an error.
func decode(body []byte, n int, m backends.Model, from origin) (backends.Embedding, error) {
	var a answer
	rest, parts := lift(body)
	err := json.Unmarshal(rest, &a)
	switch {
	case err != nil:
		return backends.Embedding{}, fmt.Errorf("%w: %s: the answer is not the JSON of embeddings%s", backends.ErrUnavailable, from, from.contentType())
	case a.Data == nil && parseComplaint(rest).structured:
		return backends.Embedding{}, errComplaint
	case len(a.Data) != n:
		return backends.Embedding{}, fmt.Errorf("%w: %d vectors for %d texts, from %s", backends.ErrInvalidVector, len(a.Data), n, from)
	}
	vectors := make([][]float32, n)
	var u unpacker
	for _, d := range a.Data {
		switch {
		case d.Index < 0 || d.Index >= n:
			return backends.Embedding{}, fmt.Errorf("%w: index %d for %d texts, from %s", backends.ErrInvalidVector, d.Index, n, from)
		case vectors[d.Index] != nil:
			return backends.Embedding{}, fmt.Errorf("%w: index %d twice, or left out, from %s", backends.ErrInvalidVector, d.Index, from)
		}
		v, err := u.vector(lifted(d.Embedding, parts))
		if err != nil {
			return backends.Embedding{}, fmt.Errorf("%w, from %s", err, from)
		}
		if len(v) != m.Dimensions {
			return backends.Embedding{}, fmt.Errorf("%w: the server's vectors have %d, model %s declares %d, from %s",
				backends.ErrDimension, len(v), m.Name, m.Dimensions, from)
		}
		vectors[d.Index] = v
	}
	tokens := cmp.Or(a.Usage.Prompt, a.Usage.Total)
	return backends.Embedding{Vectors: vectors, Tokens: int64(tokens)}, nil
}

// contentType is what the server took its answer for, where that is not JSON.
func (o origin) contentType() string {
	kind, _, _ := strings.Cut(o.header.Get("Content-Type"), ";")
	if w := o.word(kind); w != "" && w != "application/json" {
		return ", but " + w
	}
	return ""
}
