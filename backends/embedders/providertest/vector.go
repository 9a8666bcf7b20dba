package providertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
)

// Vector returns what a server answers for a text: the vector of package
// hashing, with the signs of some dimensions turned, which ones by the model's
// name. Texts of one model are as near to each other as hashing has them; of
// two models they are strangers, as those of real models are, also where both
// have the same dimensions. A text without a word, which hashing refuses, gets
// the vector of its SHA-256. Dimensions asked for are made anew, not cut off.
func Vector(model string, dimensions int, text string) ([]float32, error) {
	s, err := newSpace(model, dimensions)
	if err != nil {
		return nil, err
	}
	vectors, err := s.embed(context.Background(), []string{text})
	if err != nil {
		return nil, err
	}
	return vectors[0], nil
}

// space is a model at one length of vectors.
type space struct {
	embedder *hashing.Embedder
	signs    []float32 // 1 or -1
}

type spaceKey struct {
	model      string
	dimensions int
}

// spaces are what a server has made so far.
type spaces struct{ known sync.Map }

func (s *spaces) of(model string, dimensions int) (*space, error) {
	key := spaceKey{model, dimensions}
	if known, ok := s.known.Load(key); ok {
		return known.(*space), nil
	}
	made, err := newSpace(model, dimensions)
	if err != nil {
		return nil, err
	}
	s.known.Store(key, made)
	return made, nil
}

func newSpace(model string, dimensions int) (*space, error) {
	e, err := hashing.New(backends.Model{Name: model, Driver: "hashing", Dimensions: dimensions}, hashing.Config{})
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", model, err)
	}
	s := &space{embedder: e, signs: make([]float32, dimensions)}
	h := fnv.New64a()
	h.Write([]byte(model)) // never fails
	state := h.Sum64()
	for i := range s.signs {
		s.signs[i] = 1
		if splitmix(&state)>>63 == 1 {
			s.signs[i] = -1
		}
	}
	return s, nil
}

// embed returns one vector per text, in order.
func (s *space) embed(ctx context.Context, texts []string) ([][]float32, error) {
	answer, err := s.embedder.Embed(ctx, backends.Document, texts)
	if errors.Is(err, backends.ErrInvalidInput) && len(texts) > 1 { // one of them has no word
		vectors := make([][]float32, 0, len(texts))
		for i := range texts {
			v, err := s.embed(ctx, texts[i:i+1])
			if err != nil {
				return nil, err
			}
			vectors = append(vectors, v...)
		}
		return vectors, nil
	}
	if errors.Is(err, backends.ErrInvalidInput) {
		sum := sha256.Sum256([]byte(texts[0]))
		answer, err = s.embedder.Embed(ctx, backends.Document, []string{hex.EncodeToString(sum[:])})
	}
	if err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	for _, v := range answer.Vectors {
		for i, sign := range s.signs {
			v[i] *= sign
		}
	}
	return answer.Vectors, nil
}

// splitmix is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func splitmix(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
