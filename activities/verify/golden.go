package verify

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/reembed/reembed/backends"
)

// GoldenQuery is a query with the ids of the items that answer it.
type GoldenQuery struct {
	ID       string
	Text     string
	Relevant map[string]float64 // id -> how relevant, above 0
}

// qrelsHeader is the first line that files of the BEIR collection have.
const qrelsHeader = "query-id\tcorpus-id\tscore"

// maxGoldenLine bounds a line of either file.
const maxGoldenLine = 1 << 20

// ReadGolden reads golden queries: a JSONL file of {"id","text"}, and a TSV file
// of query, document and relevance (a number; 0 means judged and irrelevant),
// with or without BEIR's header line. It is strict: unknown fields and queries,
// duplicates, and queries without an answer are an ErrInvalidInput that names
// file and line.
func ReadGolden(queriesFile, qrelsFile string) ([]GoldenQuery, error) {
	queries, lines, err := readQueries(queriesFile)
	if err != nil {
		return nil, err
	}
	if err := readQrels(qrelsFile, queries); err != nil {
		return nil, err
	}
	for i, q := range queries {
		if len(q.Relevant) == 0 {
			return nil, wrongLine(queriesFile, lines[i], "query %q has no relevant document in %s", q.ID, qrelsFile)
		}
	}
	return queries, nil
}

func readQueries(file string) (queries []GoldenQuery, lines []int, err error) {
	seen := map[string]bool{}
	err = eachLine(file, func(n int, line []byte) error {
		var q struct {
			ID   string `json:"id"`
			Text string `json:"text"`
		}
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&q); err != nil {
			return wrongLine(file, n, "%s", strings.TrimPrefix(err.Error(), "json: "))
		}
		if _, err := dec.Token(); err != io.EOF {
			return wrongLine(file, n, "more than one JSON value")
		}
		switch {
		case q.ID == "":
			return wrongLine(file, n, "no id")
		case strings.TrimSpace(q.Text) == "":
			return wrongLine(file, n, "query %q has no text", q.ID)
		case seen[q.ID]:
			return wrongLine(file, n, "query %q a second time", q.ID)
		}
		seen[q.ID] = true
		queries = append(queries, GoldenQuery{ID: q.ID, Text: q.Text, Relevant: map[string]float64{}})
		lines = append(lines, n)
		return nil
	})
	if err == nil && len(queries) == 0 {
		err = fmt.Errorf("%w: %s: no queries", backends.ErrInvalidInput, file)
	}
	return queries, lines, err
}

func readQrels(file string, queries []GoldenQuery) error {
	byID := make(map[string]GoldenQuery, len(queries))
	for _, q := range queries {
		byID[q.ID] = q
	}
	seen := map[[2]string]bool{}
	return eachLine(file, func(n int, line []byte) error {
		if n == 1 && string(line) == qrelsHeader {
			return nil
		}
		fields := strings.Split(string(line), "\t")
		if len(fields) != 3 {
			return wrongLine(file, n, "%d fields, want 3 parted by tabs: query, document, relevance", len(fields))
		}
		query, doc := fields[0], fields[1]
		score, err := strconv.ParseFloat(fields[2], 64)
		if err != nil || !(score >= 0 && score <= 1e6) {
			return wrongLine(file, n, "relevance %q is not a number from 0 on", fields[2])
		}
		q, known := byID[query]
		switch {
		case !known:
			return wrongLine(file, n, "no query %q", query)
		case doc == "":
			return wrongLine(file, n, "no document")
		case seen[[2]string{query, doc}]:
			return wrongLine(file, n, "query %q and document %q a second time", query, doc)
		}
		seen[[2]string{query, doc}] = true
		if score > 0 {
			q.Relevant[doc] = score
		}
		return nil
	})
}

// eachLine calls do for each line that is not empty, counting from 1.
func eachLine(file string, do func(n int, line []byte) error) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("%w: golden queries: %w", backends.ErrNotFound, err)
	}
	defer f.Close() // only read
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxGoldenLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if err := do(n, lines.Bytes()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return wrongLine(file, n+1, "%s", err)
	}
	return nil
}

func wrongLine(file string, line int, format string, args ...any) error {
	return fmt.Errorf("%w: %s:%d: %s", backends.ErrInvalidInput, file, line, fmt.Sprintf(format, args...))
}
