package hashing

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/reembed/reembed/backends"
)

// Tallied is one text that was embedded.
type Tallied struct {
	Content string // backends.ContentHash of the text
	Purpose backends.Purpose
	Model   string
}

// tally appends one line per text of a request. One write to a file opened for
// appending is not torn by other processes, and outlives a kill right behind it.
func tally(path, model string, purpose backends.Purpose, texts []string) error {
	var lines strings.Builder
	for _, text := range texts {
		fmt.Fprintf(&lines, "%s %s %s\n", backends.ContentHash(text), purpose, strconv.Quote(model))
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("%w: open tally: %w", backends.ErrUnavailable, err)
	}
	_, err = f.WriteString(lines.String())
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%w: write tally: %w", backends.ErrUnavailable, err)
	}
	return nil
}

// ReadTally reads a tally file, in the order of the requests. A file that does
// not exist yet is an empty one; a line that no embedder wrote is an ErrInvalidInput.
func ReadTally(path string) ([]Tallied, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read tally: %w", err)
	}
	defer f.Close()
	var all []Tallied
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		parts := strings.SplitN(lines.Text(), " ", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("%w: line %d of the tally is not a hash, a purpose and a model", backends.ErrInvalidInput, n)
		}
		model, err := strconv.Unquote(parts[2])
		if err != nil {
			return nil, fmt.Errorf("%w: line %d of the tally: the model is not quoted", backends.ErrInvalidInput, n)
		}
		all = append(all, Tallied{Content: parts[0], Purpose: backends.Purpose(parts[1]), Model: model})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read tally: %w", err)
	}
	return all, nil
}
