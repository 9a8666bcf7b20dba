package catalog

import (
	"context"
	"time"

	"github.com/reembed/reembed/backends"
)

type fakeStore struct {
	path   string
	closed bool
	err    error // of Close
}

func (s *fakeStore) Source(Namespace) (backends.Source, error) { return nil, backends.ErrUnsupported }

func (s *fakeStore) Index(Namespace) (backends.Index, error) { return nil, backends.ErrUnsupported }

func (s *fakeStore) Registry() (backends.Registry, error) { return nil, backends.ErrUnsupported }
func (s *fakeStore) Close() error                         { s.closed = true; return s.err }

type fakeEmbedder struct {
	model   backends.Model
	latency time.Duration
}

func (e *fakeEmbedder) Model() backends.Model           { return e.model }
func (e *fakeEmbedder) Limits() backends.EmbedderLimits { return backends.EmbedderLimits{} }
func (e *fakeEmbedder) Embed(_ context.Context, _ backends.Purpose, texts []string) (backends.Embedding, error) {
	return backends.Embedding{Vectors: make([][]float32, len(texts))}, nil
}
