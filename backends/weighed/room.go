package weighed

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/reembed/reembed/backends"
)

const (
	// textCopies is how often a text stands in memory while it is asked for,
	// beside the one that was read: as JSON, which may double quotes and
	// newlines, in the sender's buffer, or as the words that a model in this
	// process makes of it.
	textCopies = 4
	// vectorBytes is what a dimension of an answer takes: as decimals or base64
	// in the body, and as a number.
	vectorBytes = 24
)

// Room is the memory that the requests of a process share. It is safe for
// concurrent use.
type Room struct {
	free  *semaphore.Weighted
	bytes int64
}

// NewRoom returns a room of so many bytes; at least 1.
func NewRoom(bytes int64) *Room {
	bytes = max(1, bytes)
	return &Room{free: semaphore.NewWeighted(bytes), bytes: bytes}
}

// Embedder makes each request of e wait until there is room for it, in the order
// in which they come. One that weighs more than the whole room goes alone.
func (r *Room) Embedder(e backends.Embedder) backends.Embedder { return &embedder{e, r} }

type embedder struct {
	backends.Embedder
	room *Room
}

func (e *embedder) Unwrap() any { return e.Embedder }

func (e *embedder) Embed(ctx context.Context, purpose backends.Purpose, texts []string) (backends.Embedding, error) {
	weight := min(weigh(texts, e.Model().Dimensions), e.room.bytes)
	if err := e.room.free.Acquire(ctx, weight); err != nil {
		return backends.Embedding{}, fmt.Errorf("wait for memory: %w", err)
	}
	defer e.room.free.Release(weight)
	return e.Embedder.Embed(ctx, purpose, texts)
}

// weigh is what a request for the texts holds, about.
func weigh(texts []string, dimensions int) int64 {
	weight := int64(len(texts)) * int64(dimensions) * vectorBytes
	for _, t := range texts {
		weight += textCopies * int64(len(t))
	}
	return weight
}
