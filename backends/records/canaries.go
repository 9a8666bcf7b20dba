package records

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/reembed/reembed/backends"
)

// kindCanary has the key <fingerprint>/<ContentHash of the text>.
const kindCanary = "canary"

// CanaryTexts are embedded by every model when a generation is created, and
// again later: a provider that changed the model under its name answers with
// other vectors. They are public, and hold nothing of any user's.
var CanaryTexts = []string{
	"The quick brown fox jumps over the lazy dog.",
	"func Open(name string) (*File, error) opens the named file for reading.",
	"Die Vektoren zweier Modelle liegen nie am selben Ort.",
	"向量检索的结果取决于嵌入模型。",
	"Refunds are possible within 30 days if the invoice number is at hand.",
}

// canary is what is kept of one vector: 16 bits a component, so that the longest
// vectors fit into a record; the direction is kept to about 1e-9.
type canary struct {
	Model  string    `json:"model"` // the catalog's name, for people
	Vector []byte    `json:"vector"`
	At     time.Time `json:"at"`
}

func canaryKey(fingerprint string, n int) string {
	return fingerprint + "/" + backends.ContentHash(CanaryTexts[n])
}

// Canaries returns the kept vectors of CanaryTexts, in their order, as they were
// when PutCanaries was first called for the fingerprint: up to their lengths,
// which are not kept. ErrNotFound when one is missing.
func Canaries(ctx context.Context, reg backends.Registry, fingerprint string) ([][]float32, error) {
	vectors := make([][]float32, len(CanaryTexts))
	for n := range vectors {
		e, err := reg.Get(ctx, kindCanary, canaryKey(fingerprint, n))
		if err != nil {
			return nil, fmt.Errorf("canary of fingerprint %s: %w", fingerprint, err)
		}
		var c canary
		if err := json.Unmarshal(e.Value, &c); err != nil {
			return nil, fmt.Errorf("canary of fingerprint %s: %w: %w", fingerprint, backends.ErrDamaged, err)
		}
		vectors[n] = unpack(c.Vector)
	}
	return vectors, nil
}

// PutCanaries keeps the vectors of CanaryTexts where there are none yet: the
// first ones stay.
func PutCanaries(ctx context.Context, reg backends.Registry, m backends.Model, vectors [][]float32, at time.Time) error {
	if len(vectors) != len(CanaryTexts) {
		return fmt.Errorf("%w: %d vectors of %d canaries", backends.ErrInvalidVector, len(vectors), len(CanaryTexts))
	}
	for n, v := range vectors {
		raw, err := json.Marshal(canary{Model: m.Name, Vector: pack(v), At: at})
		if err != nil {
			return fmt.Errorf("encode canary: %w", err)
		}
		_, err = reg.Put(ctx, kindCanary, canaryKey(m.Fingerprint(), n), 0, raw)
		if err != nil && !errors.Is(err, backends.ErrConflict) {
			return fmt.Errorf("keep canary of model %s: %w", m.Name, err)
		}
	}
	return nil
}

// CanaryFingerprints returns the models of which canaries are kept.
func CanaryFingerprints(ctx context.Context, reg backends.Registry) ([]string, error) {
	return fingerprints(ctx, reg, kindCanary)
}

// DeleteCanaries forgets a model's canaries; where there are none it is no error.
func DeleteCanaries(ctx context.Context, reg backends.Registry, fingerprint string) error {
	if err := removeAll(ctx, reg, kindCanary, fingerprint+"/"); err != nil {
		return fmt.Errorf("canaries of fingerprint %s: %w", fingerprint, err)
	}
	return nil
}

// pack scales a vector to 16-bit integers, little-endian.
func pack(v []float32) []byte {
	var most float64
	for _, x := range v {
		most = max(most, math.Abs(float64(x)))
	}
	out := make([]byte, 0, 2*len(v))
	for _, x := range v {
		scaled := math.Round(float64(x) / most * math.MaxInt16)
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(scaled)))
	}
	return out
}

func unpack(packed []byte) []float32 {
	v := make([]float32, len(packed)/2)
	for i := range v {
		v[i] = float32(int16(binary.LittleEndian.Uint16(packed[2*i:])))
	}
	return v
}
