package memory

import (
	"slices"

	"github.com/reembed/reembed/backends"
)

// ordered is a map that is read in byte order of its ids.
type ordered[T any] struct {
	rows map[string]T
	ids  []string // the keys of rows, sorted
}

func newOrdered[T any]() *ordered[T] { return &ordered[T]{rows: map[string]T{}} }

// put inserts or replaces rows; the later one of an id stays.
func (o *ordered[T]) put(rows []T, id func(T) string) {
	known := len(o.ids)
	for _, row := range rows {
		key := id(row)
		if _, ok := o.rows[key]; !ok {
			o.ids = append(o.ids, key)
		}
		o.rows[key] = row
	}
	if len(o.ids) > known {
		slices.Sort(o.ids)
	}
}

func (o *ordered[T]) remove(ids []string) {
	for _, id := range ids {
		delete(o.rows, id)
	}
	o.ids = slices.DeleteFunc(o.ids, func(id string) bool {
		_, ok := o.rows[id]
		return !ok
	})
}

// pick returns those of the ids that exist, each once.
func (o *ordered[T]) pick(ids []string) []T {
	var found []T
	seen := map[string]bool{}
	for _, id := range ids {
		row, ok := o.rows[id]
		if ok && !seen[id] {
			found = append(found, row)
		}
		seen[id] = true
	}
	return found
}

// split is Splitter.Split.
func (o *ordered[T]) split(after backends.Key, size, limit int) ([]backends.Key, error) {
	if err := backends.CheckSplit(after, size, limit); err != nil {
		return nil, err
	}
	var keys []backends.Key
	at, _ := slices.BinarySearch(o.ids, string(after))
	for at += size; at < len(o.ids) && len(keys) < limit; at += size {
		keys = append(keys, backends.Key(o.ids[at]))
	}
	return keys, nil
}

// read is ReadPage; weight is what a row counts against limit.Bytes.
func (o *ordered[T]) read(r backends.Range, after backends.Cursor, limit backends.PageLimit, weight func(T) int) (backends.Page[T], error) {
	if err := backends.CheckPage(r, after, limit); err != nil {
		return backends.Page[T]{}, err
	}
	at, _ := slices.BinarySearch(o.ids, string(r.From))
	if after != "" {
		i, exact := slices.BinarySearch(o.ids, string(after))
		if exact {
			i++
		}
		at = max(at, i)
	}
	end := len(o.ids)
	if r.To != "" {
		end, _ = slices.BinarySearch(o.ids, string(r.To))
	}
	page := backends.Page[T]{Next: after}
	bytes := 0
	for ; at < end; at++ {
		row := o.rows[o.ids[at]]
		bytes += weight(row)
		over := len(page.Items) == limit.Items || limit.Bytes > 0 && bytes > limit.Bytes
		if over && len(page.Items) > 0 {
			return page, nil
		}
		page.Items = append(page.Items, row)
		page.Next = backends.Cursor(o.ids[at])
	}
	page.Done = true
	return page, nil
}
