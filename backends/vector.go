package backends

import (
	"fmt"
	"math"
)

// normTolerance is how far the length of a declared unit vector may be from 1:
// providers round to float32 or float16 on the way.
const normTolerance = 1e-2

// CheckVector returns an ErrDimension or ErrInvalidVector when v must not be
// stored as a vector of m: wrong length, NaN or infinite, all zero, or not of
// unit length although declared so. It never quotes the vector.
func CheckVector(v []float32, m Model) error {
	if len(v) != m.Dimensions {
		return fmt.Errorf("%w: vector has %d, model %s declares %d", ErrDimension, len(v), m.Name, m.Dimensions)
	}
	var sum float64
	for _, x := range v {
		f := float64(x)
		sum += f * f
	}
	// Squares of float32 don't overflow float64: the sum is finite if all are.
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return checkFinite(v)
	}
	norm := math.Sqrt(sum)
	if norm == 0 {
		return fmt.Errorf("%w: all components are zero", ErrInvalidVector)
	}
	if m.Normalized && math.Abs(norm-1) > normTolerance {
		return fmt.Errorf("%w: length %.4f, model %s is declared normalized", ErrInvalidVector, norm, m.Name)
	}
	return nil
}

// checkFinite returns an ErrInvalidVector that names the first component that is
// no number.
func checkFinite(v []float32) error {
	var sum float32
	for _, x := range v {
		sum += x - x // 0, and NaN for NaN and for infinity
	}
	if sum == 0 {
		return nil
	}
	for i, x := range v {
		if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%w: component %d is NaN or infinite", ErrInvalidVector, i)
		}
	}
	return nil
}

// CosineSimilarity of two vectors of one length; 0 when either is zero or the lengths differ.
func CosineSimilarity(a, b []float32) float64 {
	if len(a) != len(b) {
		return 0
	}
	var dot, na, nb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		dot += x * y
		na += x * x
		nb += y * y
	}
	if na == 0 || nb == 0 {
		return 0
	}
	return dot / math.Sqrt(na*nb)
}

// Score compares a query with a stored vector; higher is nearer.
func (m Metric) Score(query, stored []float32) float64 {
	switch m {
	case Dot:
		var dot float64
		for i := range query {
			dot += float64(query[i]) * float64(stored[i])
		}
		return dot
	case Euclidean:
		var sum float64
		for i := range query {
			d := float64(query[i]) - float64(stored[i])
			sum += d * d
		}
		return -math.Sqrt(sum)
	default:
		return CosineSimilarity(query, stored)
	}
}
