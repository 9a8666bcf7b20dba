package activities

import (
	"context"
	"fmt"
	"time"

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
	if r.Task == SyncChanged {
		items, err := o.pending(ctx)
		return Split{Ranges: rangesOf(nil), Items: items}, err
	}
	space, items, work, err := o.measure(ctx, r.Task)
	if err != nil {
		return Split{}, fmt.Errorf("count: %w", err)
	}
	set := a.Settings.WithDefaults()
	c := cut{least: int64(set.RangeItems)}
	if r.Task == SyncForward {
		c.perItem = r.ItemTime / time.Duration(set.Concurrency)
	}
	n := c.rangesFor(work)
	keys, err := boundaries(ctx, space, max(1, int((items+int64(n)-1)/int64(n))))
	if err != nil {
		return Split{}, fmt.Errorf("split: %w", err)
	}
	return Split{Ranges: rangesOf(keys), Items: items}, nil
}

// measure returns the key space of a task, what is in it, and how much work that
// is: of a sync, the items that have no record yet are to be embedded.
func (o opened) measure(ctx context.Context, task Task) (space backends.Splitter, items, work int64, err error) {
	target, err := o.target(ctx)
	if err != nil {
		return nil, 0, 0, err
	}
	var records int64
	if task != VerifyForward {
		if records, err = target.Count(ctx); err != nil {
			return nil, 0, 0, err
		}
	}
	switch task {
	case SyncForward, VerifyForward, Merge:
		if items, _, err = o.source.Count(ctx); err != nil {
			return nil, 0, 0, err
		}
		missing := int64(0)
		if task == SyncForward {
			missing = items - records
		}
		return o.source, items, workOf(items, missing), nil
	case SyncBackward, VerifyBackward:
		return target, records, workOf(records, 0), nil
	}
	return nil, 0, 0, because(errWorkerTooOld, "task %q is none that this one knows", task)
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
