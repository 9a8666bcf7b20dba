package verify

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/reembed/reembed/backends"
)

// spreadPage is how many neighbours one of the sample is drawn from.
const spreadPage = 20

// spreadBytes bounds what a sample holds; one item it holds in any case.
const spreadBytes = 16 << 20

// Spread draws about n items, evenly spread over the source's key space and
// random within: all of them where there are not more. Items that can't be
// embedded are left out. Where texts are so long that n of them have more than
// 16 MiB it draws fewer, from parts of the key space picked at random.
func Spread(ctx context.Context, source backends.Source, n int, rnd *rand.Rand) ([]backends.Item, error) {
	total, _, err := source.Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count items: %w", err)
	}
	size := max(1, int(total)/n)
	starts, err := source.Split(ctx, "", size, n)
	if err != nil {
		return nil, fmt.Errorf("split: %w", err)
	}
	if size == 1 {
		starts = nil // few enough to be read in one go
	}
	var drawn []backends.Item
	held := 0
	for _, i := range rnd.Perm(len(starts) + 1) {
		r := backends.Range{}
		limit := backends.PageLimit{Items: min(size, spreadPage), Bytes: 1 << 20}
		if i > 0 {
			r.From = starts[i-1]
		}
		if i < len(starts) {
			r.To = starts[i]
		}
		if size == 1 {
			limit = backends.PageLimit{Items: 2 * n, Bytes: spreadBytes}
		}
		pg, err := source.ReadPage(ctx, r, "", limit)
		if err != nil {
			return nil, fmt.Errorf("read page: %w", err)
		}
		sound := embeddable(pg.Items)
		if size > 1 && len(sound) > 0 {
			sound = []backends.Item{sound[rnd.IntN(len(sound))]}
		}
		for _, item := range sound {
			held += item.Bytes()
		}
		if held > spreadBytes && len(drawn) > 0 {
			break
		}
		drawn = append(drawn, sound...)
	}
	rnd.Shuffle(len(drawn), func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
	return drawn[:min(n, len(drawn))], nil
}

func embeddable(items []backends.Item) []backends.Item {
	var sound []backends.Item
	for _, item := range items {
		if item.Defect == "" && item.Text != "" {
			sound = append(sound, item)
		}
	}
	return sound
}
