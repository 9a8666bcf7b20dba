package report

import (
	"fmt"
	"slices"
)

// Sample is one quantity, measured several times.
type Sample []float64

// Of measures each run.
func Of[T any](runs []T, measure func(T) float64) Sample {
	s := make(Sample, len(runs))
	for i, r := range runs {
		s[i] = measure(r)
	}
	return s
}

// Median is the middle one; of an even number the mean of the two in the
// middle; of none 0.
func (s Sample) Median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Show is the median with the least and the most, "1.50 (1.40-1.62)"; of a
// single measurement that alone. The verb is that of one number.
func (s Sample) Show(verb string) string {
	if len(s) < 2 {
		return fmt.Sprintf(verb, s.Median())
	}
	return fmt.Sprintf(verb+" ("+verb+"-"+verb+")", s.Median(), slices.Min(s), slices.Max(s))
}
