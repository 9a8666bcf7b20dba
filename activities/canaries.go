package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/records"
)

// canaryCosine is what a canary's vector keeps at least while the model is the
// same: encodings and rounding differ in the last bits only.
const canaryCosine = 0.999

// keepCanaries stores the model's canaries where there are none yet, and
// compares them where there are.
func keepCanaries(ctx context.Context, reg backends.Registry, e backends.Embedder) error {
	_, err := records.Canaries(ctx, reg, e.Model().Fingerprint())
	if err == nil {
		return checkCanaries(ctx, reg, e)
	}
	if !errors.Is(err, backends.ErrNotFound) {
		return err
	}
	now, err := embedCanaries(ctx, e)
	if err != nil {
		return err
	}
	return records.PutCanaries(ctx, reg, e.Model(), now, time.Now().UTC())
}

// checkCanaries returns CANARIES_CHANGED when the model does not answer the
// canary texts as it did when its first generation was prepared.
func checkCanaries(ctx context.Context, reg backends.Registry, e backends.Embedder) error {
	m := e.Model()
	then, err := records.Canaries(ctx, reg, m.Fingerprint())
	if errors.Is(err, backends.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now, err := embedCanaries(ctx, e)
	if err != nil {
		return err
	}
	worst := 1.0
	for i := range now {
		worst = min(worst, backends.CosineSimilarity(now[i], then[i]))
	}
	if worst < canaryCosine {
		return because(errCanariesChanged, "model %s answers the canary texts otherwise than before: cosine %.4f, at least %.3f expected",
			m.Name, worst, canaryCosine)
	}
	return nil
}

// embedCanaries returns the vectors of the canary texts, in their order.
func embedCanaries(ctx context.Context, e backends.Embedder) ([][]float32, error) {
	m := e.Model()
	most := e.Limits().Inputs
	if most == 0 {
		most = len(records.CanaryTexts)
	}
	var vectors [][]float32
	for from := 0; from < len(records.CanaryTexts); from += most {
		texts := records.CanaryTexts[from:min(from+most, len(records.CanaryTexts))]
		answer, err := e.Embed(ctx, backends.Document, texts)
		if err != nil {
			return nil, fmt.Errorf("embed canaries with model %s: %w", m.Name, err)
		}
		if len(answer.Vectors) != len(texts) {
			return nil, fmt.Errorf("canaries of model %s: %w: %d vectors for %d texts", m.Name, backends.ErrInvalidVector, len(answer.Vectors), len(texts))
		}
		vectors = append(vectors, answer.Vectors...)
	}
	for _, v := range vectors {
		if err := backends.CheckVector(v, m); err != nil {
			return nil, fmt.Errorf("canaries of model %s: %w", m.Name, err)
		}
	}
	return vectors, nil
}
