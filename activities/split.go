package activities

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// splitKeyBytes bounds the boundaries of one split in the history, where each
// stands twice.
const splitKeyBytes = 128 << 10

// SplitPass cuts the key space of a task into ranges.
func (a *Activities) SplitPass(ctx context.Context, r SplitRequest) (Split, error) {
	_, stop := beat(ctx)
	defer stop()
	s, err := a.splitPass(ctx, r)
	return s, failed(ctx, err)
}

func (a *Activities) splitPass(ctx context.Context, r SplitRequest) (Split, error) {
	o, err := a.open(ctx, r.Job)
	if err != nil {
		return Split{}, err
	}
	var (
		space backends.Splitter
		items int64
	)
	switch r.Task {
	case SyncForward, VerifyForward:
		space = o.source
		items, _, err = o.source.Count(ctx)
	case SyncBackward, VerifyBackward:
		var g backends.Generation
		if g, err = o.target(ctx); err == nil {
			space = g
			items, err = g.Count(ctx)
		}
	default:
		err = fmt.Errorf("%w: unknown task %q", backends.ErrInvalidInput, r.Task)
	}
	if err != nil {
		return Split{}, fmt.Errorf("count: %w", err)
	}
	size := max(a.Settings.WithDefaults().RangeItems, int((items+MaxRanges-1)/MaxRanges))
	keys, err := boundaries(ctx, space, size)
	if err != nil {
		return Split{}, fmt.Errorf("split: %w", err)
	}
	return Split{Ranges: rangesOf(keys), Items: items}, nil
}

// boundaries cuts a key space so that the ranges are few enough, and their keys
// short enough, for a workflow's history. The count behind size may be a poor
// estimate: where the cut turns out too fine it is made coarser.
func boundaries(ctx context.Context, space backends.Splitter, size int) ([]backends.Key, error) {
	for ; ; size *= 2 {
		keys, bytes := []backends.Key(nil), 0
		after, complete := backends.Key(""), false
		for !complete && len(keys) < MaxRanges && bytes <= splitKeyBytes {
			want := MaxRanges - len(keys)
			got, err := space.Split(ctx, after, size, want)
			if err != nil {
				return nil, err
			}
			for _, k := range got {
				bytes += len(k)
				after = k
			}
			keys = append(keys, got...)
			complete = len(got) < want
		}
		if complete && bytes <= splitKeyBytes {
			return keys, nil
		}
	}
}

func rangesOf(keys []backends.Key) []backends.Range {
	ranges := make([]backends.Range, 0, len(keys)+1)
	var from backends.Key
	for _, k := range keys {
		ranges = append(ranges, backends.Range{From: from, To: k})
		from = k
	}
	return append(ranges, backends.Range{From: from})
}
