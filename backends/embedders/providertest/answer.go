package providertest

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"unsafe"
)

// answer is what is sent with status 200, before it is spelled.
type answer struct {
	model   string
	vectors [][]float32
	indexes []int // nil: 0, 1, 2, ...
	noIndex bool
	base64  bool
	spoiled string // what is said in place of the last vector, if not empty
	tokens  int
	null    bool   // "data": null
	head    string // how the body begins
	turn    bool   // as in manner
}

// append spells the answer as JSON.
func (a *answer) append(b []byte) []byte {
	b = append(b, a.head...)
	if a.turn {
		b = append(a.appendUsage(b), ',')
		b = a.appendData(b)
	} else {
		b = append(a.appendData(b), ',')
		b = a.appendUsage(b)
	}
	return append(b, '}')
}

func (a *answer) appendUsage(b []byte) []byte {
	b = append(b, `"model":`...)
	b = append(b, quoted(a.model)...)
	b = append(b, `,"usage":{"prompt_tokens":`...)
	b = strconv.AppendInt(b, int64(a.tokens), 10)
	b = append(b, `,"total_tokens":`...)
	b = strconv.AppendInt(b, int64(a.tokens), 10)
	return append(b, '}')
}

func (a *answer) appendData(b []byte) []byte {
	if a.null {
		return append(b, `"data":null`...)
	}
	b = append(b, `"data":[`...)
	for i, v := range a.vectors {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if a.turn {
			b = append(a.appendVector(b, i, v), ',')
			b = a.appendIndex(b, i)
			b = append(b, `"object":"embedding"`...)
			if a.base64 {
				b = append(b, `,"encoding_format":"base64"`...)
			}
			b = append(b, '}')
		} else {
			b = append(b, `"object":"embedding",`...)
			b = a.appendIndex(b, i)
			b = append(a.appendVector(b, i, v), '}')
		}
	}
	return append(b, ']')
}

func (a *answer) appendIndex(b []byte, i int) []byte {
	if a.noIndex {
		return b
	}
	if a.indexes != nil {
		i = a.indexes[i]
	}
	b = append(b, `"index":`...)
	return append(strconv.AppendInt(b, int64(i), 10), ',')
}

func (a *answer) appendVector(b []byte, i int, v []float32) []byte {
	b = append(b, `"embedding":`...)
	switch {
	case a.spoiled != "" && i == len(a.vectors)-1:
		return append(b, a.spoiled...)
	case a.base64:
		return appendBase64(b, v)
	default:
		return appendFloats(b, v)
	}
}

// appendBase64 spells a vector as OpenAI does: little-endian float32, standard
// base64 with padding.
func appendBase64(b []byte, v []float32) []byte {
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, littleEndian(v))
	return append(b, '"')
}

// littleEndian is the vector's memory, on machines that have it that way.
func littleEndian(v []float32) []byte {
	if len(v) > 0 && binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*len(v))
	}
	out := make([]byte, 0, 4*len(v))
	for _, f := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(f))
	}
	return out
}

// appendFloats spells a vector as numbers, with the digits of a float64, as
// OpenAI, Python's servers and llama-server do. JSON has no NaN: it is null here,
// and infinity a number above all floats.
func appendFloats(b []byte, v []float32) []byte {
	b = append(b, '[')
	for i, f := range v {
		if i > 0 {
			b = append(b, ',')
		}
		switch f64 := float64(f); {
		case math.IsNaN(f64):
			b = append(b, "null"...)
		case math.IsInf(f64, 0):
			b = append(b, "1e999"...)
		default:
			b = strconv.AppendFloat(b, f64, 'g', -1, 64)
		}
	}
	return append(b, ']')
}
