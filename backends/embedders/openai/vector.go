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

// unpacker reads the vectors of one answer. Its memory is used again.
type unpacker struct{ packed []byte }

// vector reads an embedding as it stands in JSON: base64 of little-endian
// float32, or an array of numbers. It fails with ErrInvalidVector.
func (u *unpacker) vector(raw []byte) ([]float32, error) {
	switch {
	case len(raw) > 1 && raw[0] == '"':
		return u.fromBase64(raw)
	case len(raw) > 1 && raw[0] == '[':
		return fromNumbers(raw[1 : len(raw)-1])
	}
	return nil, fmt.Errorf("%w: an embedding is neither numbers nor base64", backends.ErrInvalidVector)
}

func (u *unpacker) fromBase64(raw []byte) ([]float32, error) {
	text := raw[1 : len(raw)-1]
	if bytes.IndexByte(text, '\\') >= 0 { // some encoders escape the slash
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, errNotBase64
		}
		text = []byte(s)
	}
	if need := base64.StdEncoding.DecodedLen(len(text)); cap(u.packed) < need {
		u.packed = make([]byte, need)
	}
	n, err := base64.StdEncoding.Decode(u.packed[:cap(u.packed)], text)
	if err != nil || n%4 != 0 {
		return nil, errNotBase64
	}
	v := make([]float32, n/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(u.packed[4*i:]))
	}
	return v, nil
}

var (
	errNotBase64  = fmt.Errorf("%w: an embedding is not base64 of float32", backends.ErrInvalidVector)
	errNotNumbers = fmt.Errorf("%w: an embedding is not a list of numbers", backends.ErrInvalidVector)
)

// fromNumbers reads what stands between the brackets of an array. A null, which
// is how some servers write NaN, is NaN: as a zero it would pass for a
// component. A number over the range of float32 is an infinity. Whoever stores
// refuses both.
func fromNumbers(inner []byte) ([]float32, error) {
	if len(bytes.TrimSpace(inner)) == 0 {
		return []float32{}, nil
	}
	v := make([]float32, 0, bytes.Count(inner, []byte{','})+1)
	for more := true; more; {
		var part []byte
		part, inner, more = bytes.Cut(inner, []byte{','})
		part = bytes.TrimSpace(part)
		if string(part) == "null" {
			v = append(v, float32(math.NaN()))
			continue
		}
		x, err := strconv.ParseFloat(string(part), 32)
		if err != nil && !math.IsInf(x, 0) {
			return nil, errNotNumbers
		}
		v = append(v, float32(x))
	}
	return v, nil
}
