package activities

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/reembed/reembed/backends"
)

// requestFields are the names of a request's fields.
var requestFields = func() []string {
	var names []string
	t := reflect.TypeFor[Request]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}()

// checkFields refuses what encoding/json lets pass: a field in other letters
// ("To"), and one that stands twice, of which it would take the last. What is no
// object, or no JSON, is the decoder's to refuse.
func checkFields(raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if first, err := dec.Token(); err != nil || first != json.Delim('{') {
		return nil //nolint:nilerr // the decoder refuses it
	}
	seen := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil //nolint:nilerr // the decoder refuses it
		}
		switch {
		case !slices.Contains(requestFields, name):
			return fmt.Errorf("%w: request: unknown field %q; there are %s; was the job started by a newer reembed than this worker is?", backends.ErrInvalidInput, name, strings.Join(requestFields, ", "))
		case seen[name]:
			return fmt.Errorf("%w: request field %q: stands there twice", backends.ErrInvalidInput, name)
		}
		seen[name] = true
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return nil //nolint:nilerr // the decoder refuses it
		}
	}
	return nil
}
