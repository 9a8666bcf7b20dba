package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"math"

	"modernc.org/sqlite"
)

// appendVector writes the stored form: little-endian float32.
func appendVector(b []byte, v []float32) []byte {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// decodeVector reads it; bytes over are dropped.
func decodeVector(b []byte) []float32 {
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = component(b, i)
	}
	return v
}

func component(b []byte, i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
}

// dotFunction is reembed_dot(a, b) in SQL: sqlite-vec has no inner product of
// floats. Its arguments are views of SQLite's memory, and are not kept.
func dotFunction(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	a, aok := args[0].([]byte)
	b, bok := args[1].([]byte)
	if !aok || !bok || len(a) != len(b) {
		return nil, errors.New("reembed_dot: two vectors of one length expected")
	}
	var dot float64
	for i := range len(a) / 4 {
		dot += float64(component(a, i)) * float64(component(b, i))
	}
	return dot, nil
}
