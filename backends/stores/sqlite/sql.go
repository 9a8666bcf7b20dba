package sqlite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// quote makes an identifier of any name.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// inList is one argument for `IN (SELECT value FROM json_each(?))`: the ids
// that can exist at all.
func inList(ids []string) (string, error) {
	sound := make([]string, 0, len(ids))
	for _, id := range ids {
		if addressable(id) {
			sound = append(sound, id)
		}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(sound); err != nil {
		return "", fmt.Errorf("encode ids: %w", err)
	}
	return buf.String(), nil
}

const in = " IN (SELECT value FROM json_each(?))"

// addressable reports whether a key can be an id, a cursor and a boundary. Ids
// over MaxIDBytes can: they are returned with a Defect.
func addressable(id string) bool {
	return id != "" && utf8.ValidString(id) && strings.IndexByte(id, 0) < 0
}
