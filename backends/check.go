package backends

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The checks that every driver makes before it asks its database anything, so
// that what is refused is refused alike everywhere.

// CheckItems is for ItemWriter.PutItems.
func CheckItems(items []Item) error {
	for i := range items {
		if err := ValidateID(items[i].ID); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	return nil
}

// CheckSplit is for Splitter.Split.
func CheckSplit(after Key, size, limit int) error {
	if size < 1 || limit < 1 {
		return fmt.Errorf("%w: split into %d ranges of %d items", ErrInvalidInput, limit, size)
	}
	return checkPlace("key", string(after))
}

// CheckPage is for Source.ReadPage and Generation.ReadStamps.
func CheckPage(r Range, after Cursor, limit PageLimit) error {
	if limit.Items < 1 {
		return fmt.Errorf("%w: a page of %d items", ErrInvalidInput, limit.Items)
	}
	if err := checkPlace("key", string(r.From)); err != nil {
		return err
	}
	if err := checkPlace("key", string(r.To)); err != nil {
		return err
	}
	return checkPlace("cursor", string(after))
}

// CheckChanges is for Capture.Changes of stores whose cursors are positive
// numbers; the empty cursor is 0.
func CheckChanges(after Cursor, limit int) (int64, error) {
	if limit < 1 {
		return 0, fmt.Errorf("%w: a page of %d changes", ErrInvalidInput, limit)
	}
	if after == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(string(after), 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%w: not a cursor of this store", ErrInvalidInput)
	}
	return n, nil
}

func checkPlace(what, place string) error {
	if !utf8.ValidString(place) || strings.IndexByte(place, 0) >= 0 {
		return fmt.Errorf("%w: not a %s of this store: not UTF-8, or with a NUL byte", ErrInvalidInput, what)
	}
	return nil
}

// CheckRecords is for Generation.Upsert: the first record that the generation
// must not hold is named by its position.
func (s GenerationSpec) CheckRecords(records []Record) error {
	for i := range records {
		err := ValidateID(records[i].ID)
		if err == nil {
			err = s.checkVector(records[i].Vector)
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
	}
	return nil
}

// CheckQuery is for Generation.Search.
func (s GenerationSpec) CheckQuery(q Query) error {
	if q.K < 1 {
		return fmt.Errorf("%w: %d hits asked for", ErrInvalidInput, q.K)
	}
	if err := s.checkVector(q.Vector); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

func (s GenerationSpec) checkVector(v []float32) error {
	if len(v) != s.Dimensions {
		return fmt.Errorf("%w: vector has %d, generation %s has %d", ErrDimension, len(v), s.Locator, s.Dimensions)
	}
	return checkFinite(v)
}

// CheckEntry is for Registry.Put.
func CheckEntry(kind, key string, value []byte) error {
	if len(value) > MaxEntryBytes {
		return fmt.Errorf("%w: %s record %q of %d bytes, at most %d", ErrInvalidInput, kind, key, len(value), MaxEntryBytes)
	}
	return nil
}
