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

// Tally is what was embedded with one model.
type Tally struct {
	Requests int64
	Texts    int64
}

// tally appends one request's line. One write to a file opened for appending is
// not torn by other processes, and outlives a kill right behind it.
func tally(path string, texts int, model string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("%w: open tally: %w", backends.ErrUnavailable, err)
	}
	_, err = f.WriteString(strconv.Itoa(texts) + " " + strconv.Quote(model) + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%w: write tally: %w", backends.ErrUnavailable, err)
	}
	return nil
}

// ReadTally adds up a tally file by model name. A file that does not exist yet
// is an empty one; a line that no embedder wrote is an ErrInvalidInput.
func ReadTally(path string) (map[string]Tally, error) {
	sums := map[string]Tally{}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return sums, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read tally: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		count, quoted, _ := strings.Cut(lines.Text(), " ")
		texts, err := strconv.ParseInt(count, 10, 64)
		model, qerr := strconv.Unquote(quoted)
		if err != nil || qerr != nil {
			return nil, fmt.Errorf("%w: line %d of the tally is not a count and a model", backends.ErrInvalidInput, n)
		}
		sum := sums[model]
		sum.Requests++
		sum.Texts += texts
		sums[model] = sum
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read tally: %w", err)
	}
	return sums, nil
}
