package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/starter/cli/human"
)

// maxReported bounds how many wrong lines are named.
const maxReported = 20

// Bounds of one write of items.
const (
	writeItems = 500
	writeBytes = 8 << 20
)

// checkLines reads all lines and reports what is wrong with them, on stderr when
// they are to be skipped, else as an error. It returns the numbers of the wrong
// lines.
func (a *app) checkLines(ctx context.Context, name string, in io.Reader, skip bool) (bad map[int]struct{}, err error) {
	l := newLines(name, in)
	bad = map[int]struct{}{}
	seen := map[[sha256.Size]byte]int{} // hash of an id -> line
	var wrong []error
	for ctx.Err() == nil {
		item, err := l.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if _, isLine := errors.AsType[*lineError](err); err != nil && !isLine {
			return nil, err
		}
		if errors.Is(err, errTooLong) && skip {
			return nil, err // nothing behind it can be read
		}
		if err == nil {
			sum := sha256.Sum256([]byte(item.ID))
			if first, ok := seen[sum]; ok {
				err = l.wrong("has the same id as line %d", first)
			} else {
				seen[sum] = l.line
			}
		}
		if err == nil {
			continue
		}
		bad[l.line] = struct{}{}
		if len(wrong) < maxReported {
			wrong = append(wrong, err)
		}
		if errors.Is(err, errTooLong) {
			break
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return bad, a.reportLines(wrong, len(bad), skip)
}

func (a *app) reportLines(wrong []error, all int, skip bool) error {
	if all == 0 {
		return nil
	}
	if more := all - len(wrong); more > 0 {
		wrong = append(wrong, fmt.Errorf("and %s more", human.Count(more)))
	}
	if !skip {
		return usage("nothing was imported: %s (--skip-invalid imports the others):\n%w", human.Things(all, "wrong line"), errors.Join(wrong...))
	}
	for _, err := range wrong {
		a.note("skipped: %v", err)
	}
	return nil
}

// putItems writes all lines but the bad ones, in batches.
func putItems(ctx context.Context, w backends.ItemWriter, l *lines, bad map[int]struct{}) (n int64, err error) {
	var batch []backends.Item
	var size int
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := w.PutItems(ctx, batch); err != nil {
			return fmt.Errorf("write items (%s are written): %w", human.Count(n), err)
		}
		n += int64(len(batch))
		batch, size = nil, 0
		return nil
	}
	for {
		item, err := l.next()
		if errors.Is(err, io.EOF) {
			return n, flush()
		}
		if _, skip := bad[l.line]; skip {
			continue
		}
		if err != nil {
			return n, fmt.Errorf("the file changed while it was read: %w", err)
		}
		if len(batch) == writeItems || (size > 0 && size+item.Bytes() > writeBytes) {
			if err := flush(); err != nil {
				return n, err
			}
		}
		batch = append(batch, item)
		size += item.Bytes()
	}
}
