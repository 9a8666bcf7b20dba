package openai

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/reembed/reembed/backends"
)

// vector is an embedding in JSON: base64 of little-endian float32, or numbers.
type vector []float32

// UnmarshalJSON fails with ErrInvalidVector.
func (v *vector) UnmarshalJSON(raw []byte) error {
	var err error
	switch raw[0] {
	case '"':
		*v, err = fromBase64(raw)
	case '[':
		*v, err = fromNumbers(raw)
	default:
		err = fmt.Errorf("%w: an embedding is neither numbers nor base64", backends.ErrInvalidVector)
	}
	return err
}

func fromBase64(raw []byte) (vector, error) {
	text := raw[1 : len(raw)-1]
	if bytes.IndexByte(text, '\\') >= 0 { // some encoders escape the slash
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, err
		}
		text = []byte(s)
	}
	packed := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(packed, text)
	if err != nil || n%4 != 0 {
		return nil, fmt.Errorf("%w: an embedding is not base64 of float32", backends.ErrInvalidVector)
	}
	v := make(vector, n/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(packed[4*i:]))
	}
	return v, nil
}

// fromNumbers reads an array that is known to be JSON. A null, which is how
// some servers write NaN, is NaN: as a zero it would pass for a component.
func fromNumbers(raw []byte) (vector, error) {
	inner := bytes.TrimSpace(raw[1 : len(raw)-1])
	if len(inner) == 0 {
		return vector{}, nil
	}
	v := make(vector, 0, bytes.Count(inner, []byte{','})+1)
	for more := true; more; {
		var part []byte
		part, inner, more = bytes.Cut(inner, []byte{','})
		part = bytes.TrimSpace(part)
		if string(part) == "null" {
			v = append(v, float32(math.NaN()))
			continue
		}
		// What is over the range of float32 comes back as an infinity, which no
		// store takes; what is no number at all is no vector.
		x, err := strconv.ParseFloat(string(part), 32)
		if err != nil && !math.IsInf(x, 0) {
			return nil, fmt.Errorf("%w: an embedding is not a list of numbers", backends.ErrInvalidVector)
		}
		v = append(v, float32(x))
	}
	return v, nil
}
