package storm

import (
	"math"
	"sync"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

// dimensions of both models: that they are equal is what makes a mixture hard to see.
const dimensions = 64

// provided are the provider's names of the catalog's models.
var provided = map[string]string{"elder": "storm-elder", "newer": "storm-newer"}

// other is the model that a namespace is moved to from this one.
var other = map[string]string{"elder": "newer", "newer": "elder"}

// known are the vectors that were asked for, by model and text.
var known sync.Map

// vector is what a catalog's model makes of a text: made here, not asked from the
// server, so that no fault of the server's is one of the application's.
func vector(model, text string) ([]float32, error) {
	key := [2]string{model, text}
	if v, ok := known.Load(key); ok {
		return v.([]float32), nil
	}
	v, err := providertest.Vector(provided[model], dimensions, text)
	if err != nil {
		return nil, err
	}
	known.Store(key, v)
	return v, nil
}

// tolerance of cosines: the rounding of float32 on the way.
const tolerance = 1e-5

// cosine of two vectors; NaN of two lengths.
func cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.NaN()
	}
	var dot, na, nb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		na += float64(a[i]) * float64(a[i])
		nb += float64(b[i]) * float64(b[i])
	}
	return dot / math.Sqrt(na*nb)
}

// same reports whether two vectors are one, but for rounding.
func same(a, b []float32) bool { return cosine(a, b) > 1-tolerance }
