package golden

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed queries.jsonl
var queries []byte

//go:embed qrels.tsv
var qrels []byte

// Write writes queries.jsonl and qrels.tsv into dir, over what is there, and
// returns their paths, as a catalog's golden entry and verify.ReadGolden take them.
func Write(dir string) (queriesFile, qrelsFile string, err error) {
	queriesFile, qrelsFile = filepath.Join(dir, "queries.jsonl"), filepath.Join(dir, "qrels.tsv")
	for file, content := range map[string][]byte{queriesFile: queries, qrelsFile: qrels} {
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return "", "", fmt.Errorf("write golden queries: %w", err)
		}
	}
	return queriesFile, qrelsFile, nil
}
