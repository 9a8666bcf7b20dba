package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

var (
	four = backends.Model{Name: "four", Dimensions: 4}
	here = origin{host: "localhost", model: "four", status: http.StatusOK, header: http.Header{}}
)

// one is the base64 of 1, 2, 3, 4.
const one = `"AACAPwAAAEAAAEBAAACAQA=="`

func TestDecode(t *testing.T) {
	t.Parallel()
	numbers := []float32{1, 2, 3, 4}
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		body   string
		want   [][]float32
		tokens int64
		is     error
	}{
		"base64":  {`{"data":[{"index":0,"embedding":` + one + `}],"usage":{"prompt_tokens":7,"total_tokens":9}}`, [][]float32{numbers}, 7, nil},
		"numbers": {`{"data":[{"index":0,"embedding":[1, 2.0,3e0 ,4]}],"usage":{"total_tokens":9}}`, [][]float32{numbers}, 9, nil},
		"both, reordered": {
			`{"data":[{"index":1,"embedding":[4,3,2,1]},{"embedding":` + one + `,"index":0}]}`,
			[][]float32{numbers, {4, 3, 2, 1}},
			0, nil,
		},
		"an escaped slash":      {`{"data":[{"embedding":"AACAPwAAAEAAAEBA\/\/\/\/\/w=="}]}`, [][]float32{{1, 2, 3, nan}}, 0, nil},
		"an index of 0 omitted": {`{"data":[{"embedding":` + one + `},{"index":1,"embedding":` + one + `}]}`, [][]float32{numbers, numbers}, 0, nil},
		"usage that is absurd":  {`{"data":[{"embedding":` + one + `}],"usage":{"prompt_tokens":-1,"total_tokens":"many"}}`, [][]float32{numbers}, 0, nil},
		"usage of null":         {`{"data":[{"embedding":` + one + `}],"usage":null,"error":null}`, [][]float32{numbers}, 0, nil},
		"null is NaN":           {`{"data":[{"embedding":[1,null,3,4]}]}`, [][]float32{{1, nan, 3, 4}}, 0, nil},
		"NaN as Python writes":  {`{"data":[{"embedding":[NaN,2,Infinity,4]}]}`, [][]float32{{nan, 2, float32(math.Inf(1)), 4}}, 0, nil},
		"over float32":          {`{"data":[{"embedding":[1,2,3,-1e999]}]}`, [][]float32{{1, 2, 3, float32(math.Inf(-1))}}, 0, nil},

		"too few":                   {`{"data":[]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"no data":                   {`{"data":null}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"too many":                  {`{"data":[{"embedding":` + one + `},{"index":1,"embedding":` + one + `}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"an index twice":            {`{"data":[{"index":1,"embedding":` + one + `},{"index":1,"embedding":` + one + `}]}`, [][]float32{numbers, numbers}, 0, backends.ErrInvalidVector},
		"no index at all":           {`{"data":[{"embedding":` + one + `},{"embedding":` + one + `}]}`, [][]float32{numbers, numbers}, 0, backends.ErrInvalidVector},
		"a negative index":          {`{"data":[{"index":-1,"embedding":` + one + `}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"an index past the end":     {`{"data":[{"index":1,"embedding":` + one + `}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"no embedding":              {`{"data":[{"index":0}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"a null embedding":          {`{"data":[{"embedding":null}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"a number for an embedding": {`{"data":[{"embedding":0}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"not base64":                {`{"data":[{"embedding":"no base64!"}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"a mark of ours":            {`{"data":[{"embedding":"#0"}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"half a float":              {`{"data":[{"embedding":"AACAPwA="}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"words among the numbers":   {`{"data":[{"embedding":[1,2,three,4]}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"a vector for each token":   {`{"data":[{"embedding":[[1,2,3,4]]}]}`, [][]float32{numbers}, 0, backends.ErrInvalidVector},
		"three numbers":             {`{"data":[{"embedding":[1,2,3]}]}`, [][]float32{numbers}, 0, backends.ErrDimension},
		"none":                      {`{"data":[{"embedding":[]}]}`, [][]float32{numbers}, 0, backends.ErrDimension},
		"an empty string":           {`{"data":[{"embedding":""}]}`, [][]float32{numbers}, 0, backends.ErrDimension},
		"an error":                  {`{"error":{"message":"no","type":"server_error"}}`, [][]float32{numbers}, 0, errComplaint},
		"a quota's error":           {`{"error":{"message":"no","code":"insufficient_quota"},"data":null}`, [][]float32{numbers}, 0, errComplaint},
		"empty":                     {``, [][]float32{numbers}, 0, backends.ErrUnavailable},
		"HTML":                      {`<html>"[1`, [][]float32{numbers}, 0, backends.ErrUnavailable},
		"cut in a vector":           {`{"data":[{"embedding":"AACAPwAAAEAAAEBA`, [][]float32{numbers}, 0, backends.ErrUnavailable},
		"cut in numbers":            {`{"data":[{"embedding":[1,2`, [][]float32{numbers}, 0, backends.ErrUnavailable},
		"cut behind the vectors":    {`{"data":[{"embedding":` + one + `}],"usage"`, [][]float32{numbers}, 0, backends.ErrUnavailable},
		"two answers":               {`{"data":[]}{"data":[]}`, [][]float32{}, 0, backends.ErrUnavailable},
		"another JSON":              {`[]`, [][]float32{numbers}, 0, backends.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decode([]byte(c.body), len(c.want), four, here)
			require.ErrorIs(t, err, c.is)
			if c.is != nil {
				require.Empty(t, got.Vectors)
				return
			}
			require.Equal(t, c.tokens, got.Tokens)
			require.Len(t, got.Vectors, len(c.want))
			for i, want := range c.want {
				require.Len(t, got.Vectors[i], len(want))
				for j, x := range want {
					same := got.Vectors[i][j] == x || x != x && got.Vectors[i][j] != got.Vectors[i][j]
					require.True(t, same, "vector %d, component %d: %v", i, j, got.Vectors[i][j])
				}
			}
		})
	}
}

// A model of other dimensions than the catalog says is the usual mistake.
func TestDimensionErrorNamesBothNumbers(t *testing.T) {
	t.Parallel()
	_, err := decode([]byte(`{"data":[{"embedding":[1,2,3]}]}`), 1, four, here)
	require.ErrorIs(t, err, backends.ErrDimension)
	require.ErrorContains(t, err, "have 3")
	require.ErrorContains(t, err, "declares 4")
}

func TestLiftTakesOutTheVectorsAlone(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", longString)
	for body, want := range map[string]string{
		`{"a":"short","b":"` + long + `","c":[1,2]}`:         `{"a":"short","b":"#0","c":"#1"}`,
		`["#0","\u00230","` + long + `\"","` + long + `\\"]`: `["#0","\u00230","#1","#2"]`,
		`[[ 1 ],[{"a":1}],[],["x"],[null],[true]]`:           `["#0",[{"a":1}],[],["x"],"#1",[true]]`,
		`[1,[2]][1,"]"][1,{"]":2}]`:                          `[1,"#0"][1,"]"][1,{"]":2}]`,
		`"unended \"`:                                        `"unended \"`,
		`[`:                                                  `[`,
		`"`:                                                  `"`,
	} {
		rest, parts := lift([]byte(body))
		require.Equal(t, want, string(rest))
		for i, part := range parts {
			require.Equal(t, string(part), string(lifted(fmt.Appendf(nil, `"#%d"`, i), parts)))
		}
	}
}

// FuzzResponse: whatever a server sends is a sentinel's error, or vectors that
// are as many and as long as was asked for.
func FuzzResponse(f *testing.F) {
	for _, body := range []string{
		`{"object":"list","data":[{"object":"embedding","index":0,"embedding":` + one + `},{"index":1,"embedding":[1,2,3,4]}],"usage":{"prompt_tokens":7}}`,
		`{"data":[{"index":0,"embedding":[1,null,NaN,1e999]},{"index":1,"embedding":"` + strings.Repeat("AAAA", 40) + `"}]}`,
		`{"error":{"message":"no","type":"t","code":429}}`, `[{"error":{"code":400,"status":"INVALID_ARGUMENT"}}]`,
		`{"detail":[{"loc":["body"]}]}`, `<html>`, `{"data":[{"embedding":"#0"},{"embedding":"\"`, `[[[[[[`, `"\\\"`,
	} {
		f.Add([]byte(body), 2)
	}
	f.Fuzz(func(t *testing.T, body []byte, n int) {
		n = 1 + (n&0xff)%8
		given := string(body)
		got, err := decode(body, n, four, here)
		require.Equal(t, given, string(body), "the body is only read")
		c := parseComplaint(body)
		require.NotContains(t, c.describe(here), "\n")
		if err != nil {
			require.Empty(t, got.Vectors)
			require.True(t, sentinel(err), "%v", err)
			return
		}
		require.Len(t, got.Vectors, n)
		require.GreaterOrEqual(t, got.Tokens, int64(0))
		for _, v := range got.Vectors {
			require.Len(t, v, four.Dimensions)
		}
	})
}

// FuzzLift: what is lifted and put back is the answer again, so that nothing is
// lost between the vectors and the rest.
func FuzzLift(f *testing.F) {
	f.Add(`[1,[2],["]"],{"a":[3]}]`)
	f.Add(`{"a":"` + strings.Repeat("A", 2*longString) + `","b":[1,2],"c":"#0","d":["x",[3]]}`)
	f.Fuzz(func(t *testing.T, body string) {
		if !json.Valid([]byte(body)) {
			lift([]byte(body)) // must end, and not panic
			return
		}
		rest, parts := lift([]byte(body))
		require.True(t, json.Valid(rest), "%s", rest)
		back, left := "", string(rest)
		for i, part := range parts {
			before, after, found := strings.Cut(left, fmt.Sprintf(`"#%d"`, i))
			require.True(t, found)
			back, left = back+before+string(part), after
		}
		back += left
		require.Equal(t, body, back)
	})
}

// sentinel: errComplaint becomes one by the table of refusals.
func sentinel(err error) bool {
	for _, s := range []error{backends.ErrUnavailable, backends.ErrInvalidVector, backends.ErrDimension, errComplaint} {
		if errors.Is(err, s) {
			return true
		}
	}
	return false
}
