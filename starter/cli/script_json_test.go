package cli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// jsonHas checks one value of the JSON that was printed to stdout:
// [!] jsonhas PATH [REGEXP]
//
// The path has names, and numbers of elements from 0, with dots between them; the
// whole of a string, or of the JSON of anything else, has to match.
func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: [!] jsonhas PATH [REGEXP]")
	}
	value, err := printed(ts, args[0])
	if err == nil && len(args) == 2 {
		whole, rerr := regexp.Compile("^(?s:" + args[1] + ")$")
		ts.Check(rerr)
		if text := plain(value); !whole.MatchString(text) {
			err = fmt.Errorf("%s is %s, which does not match %s", args[0], text, args[1])
		}
	}
	switch {
	case neg && err == nil:
		ts.Fatalf("%s is %s", args[0], plain(value))
	case !neg && err != nil:
		ts.Fatalf("%v", err)
	}
}

// jsonKeys checks that an object of the JSON on stdout has these keys and no
// others, as programs rely on them: jsonkeys PATH KEY... (path "." is the whole)
func jsonKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: jsonkeys PATH KEY...")
	}
	value, err := printed(ts, args[0])
	ts.Check(err)
	object, ok := value.(map[string]any)
	if !ok {
		ts.Fatalf("%s is no object: %s", args[0], plain(value))
	}
	want := slices.Sorted(slices.Values(args[1:]))
	if got := slices.Sorted(maps.Keys(object)); !slices.Equal(got, want) {
		ts.Fatalf("%s has the keys %s, want %s", args[0], got, want)
	}
}

// jsonEnv puts a value of a file's JSON into an environment variable:
// jsonenv VARIABLE FILE PATH
func jsonEnv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: jsonenv VARIABLE FILE PATH")
	}
	value, err := read(ts, args[1], args[2])
	ts.Check(err)
	ts.Setenv(args[0], plain(value))
}

func printed(ts *testscript.TestScript, path string) (any, error) { return read(ts, "stdout", path) }

// read finds the value at a path of a file's one JSON value.
func read(ts *testscript.TestScript, file, path string) (any, error) {
	var all any
	if err := json.Unmarshal([]byte(ts.ReadFile(file)), &all); err != nil {
		return nil, fmt.Errorf("%s is not one JSON value: %w", file, err)
	}
	return at(all, path)
}

// at finds the value at a path.
func at(value any, path string) (any, error) {
	if path == "." {
		return value, nil
	}
	for part := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			inner, ok := v[part]
			if !ok {
				return nil, fmt.Errorf("%s: there is no %q, only %s", path, part, slices.Sorted(maps.Keys(v)))
			}
			value = inner
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v) {
				return nil, fmt.Errorf("%s: there is no element %q of %d", path, part, len(v))
			}
			value = v[i]
		default:
			return nil, fmt.Errorf("%s: %s has nothing in it", path, plain(value))
		}
	}
	return value, nil
}

// plain is a string as it is, and anything else as JSON.
func plain(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// The scripts' looks into JSON can fail.
func TestJSONPaths(t *testing.T) {
	t.Parallel()
	var all any
	require.NoError(t, json.Unmarshal([]byte(`{"a": [{"b": "x"}, 7], "c": null}`), &all))
	for path, want := range map[string]string{
		".": `{"a":[{"b":"x"},7],"c":null}`, "a.0.b": "x", "a.1": "7", "c": "null",
	} {
		value, err := at(all, path)
		require.NoError(t, err)
		require.Equal(t, want, plain(value), path)
	}
	for _, path := range []string{"b", "a.2", "a.-1", "a.b", "c.d", "a.0.b.x", ""} {
		_, err := at(all, path)
		require.Error(t, err, path)
	}
}
