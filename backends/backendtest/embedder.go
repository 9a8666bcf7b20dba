package backendtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// EmbedderDriver is what the suite has to know of an embedder.
type EmbedderDriver struct {
	// New opens the embedder; each call one that shares nothing with the others.
	New func(t *testing.T) backends.Embedder
	// Refused is a text that the embedder refuses with ErrInvalidInput; Refuses
	// says that there is one, as it may be "".
	Refuses bool
	Refused string
	// Asymmetric: the model embeds queries and documents differently.
	Asymmetric bool
	// MinCosine of two vectors of one text; 0: 0.999999. Providers round.
	MinCosine float64
}

// Embedder runs the conformance suite of the role backends.Embedder.
func Embedder(t *testing.T, d EmbedderDriver) {
	if d.MinCosine == 0 {
		d.MinCosine = 0.999999
	}
	for _, c := range embedderChecks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, embedderSuite{EmbedderDriver: d, Embedder: d.New(t), fresh: func() backends.Embedder { return d.New(t) }})
		})
	}
}

// reporter is what a check needs of a *testing.T, so that a test of the suite
// can watch it fail.
type reporter interface {
	require.TestingT
	Helper()
	Context() context.Context
}

type embedderSuite struct {
	EmbedderDriver
	backends.Embedder
	fresh func() backends.Embedder
}

type embedderCheck struct {
	name  string
	check func(t reporter, s embedderSuite)
}

var embedderChecks = []embedderCheck{
	{"Model", checkModel},
	{"NoTexts", checkNoTexts},
	{"Order", checkOrder},
	{"Duplicates", checkDuplicates},
	{"SameTextSameVector", checkSameText},
	{"Limits", checkLimits},
	{"UglyTexts", checkUglyTexts},
	{"Purposes", checkPurposes},
	{"OwnMemory", checkOwnMemory},
	{"Concurrent", checkConcurrent},
	{"Cancelled", checkCancelled},
	{"Refused", checkRefused},
}

// words are the embedder's texts: no two alike.
var words = []string{
	"The quick brown fox jumps over the lazy dog.",
	"A vector is right when it carries the right stamp.",
	"Gestern hat es in Strömen geregnet.",
	"SELECT id, body FROM documents ORDER BY id;",
	"tea with lemon",
	"How long does a parcel to Norway take?",
	"func (c *Client) Do(req *Request) (*Response, error)",
}

func checkModel(t reporter, s embedderSuite) {
	m := s.Model()
	require.NotEmpty(t, m.Name)
	require.NotEmpty(t, m.Driver)
	require.Positive(t, m.Dimensions)
	require.LessOrEqual(t, m.Dimensions, backends.MaxDimensions)
	require.Contains(t, []backends.Metric{backends.Cosine, backends.Dot, backends.Euclidean}, m.Metric)
	require.Equal(t, m, s.fresh().Model())
	require.GreaterOrEqual(t, s.Limits().Inputs, 0)
	require.GreaterOrEqual(t, s.Limits().TokensPerRequest, 0)
}

func checkNoTexts(t reporter, s embedderSuite) {
	for _, none := range [][]string{nil, {}} {
		out, err := s.Embed(t.Context(), backends.Document, none)
		require.NoError(t, err)
		require.Empty(t, out.Vectors)
		require.Zero(t, out.Tokens)
	}
}

func checkOrder(t reporter, s embedderSuite) {
	together := s.embed(t, words...)
	for i, text := range words {
		alone := s.embed(t, text)[0]
		for j, v := range together {
			require.Equal(t, i == j, s.same(alone, v), "text %d and vector %d", i, j)
		}
	}
	backwards := slices.Clone(words)
	slices.Reverse(backwards)
	for i, v := range s.embed(t, backwards...) {
		require.True(t, s.same(together[len(words)-1-i], v), "text %d from the end", i)
	}
}

func checkDuplicates(t reporter, s embedderSuite) {
	vectors := s.embed(t, words[0], words[1], words[0], words[0])
	require.True(t, s.same(vectors[0], vectors[2]))
	require.True(t, s.same(vectors[0], vectors[3]))
	require.False(t, s.same(vectors[0], vectors[1]))
}

func checkSameText(t reporter, s embedderSuite) {
	first := s.embed(t, words...)
	again := s.embed(t, words...)
	other, err := s.fresh().Embed(t.Context(), backends.Document, words)
	require.NoError(t, err)
	for i := range words {
		require.True(t, s.same(first[i], again[i]), "text %d, second request", i)
		require.True(t, s.same(first[i], other.Vectors[i]), "text %d, second embedder", i)
	}
}

// A request that is as large as the limits say has to pass.
func checkLimits(t reporter, s embedderSuite) {
	n := s.Limits().Inputs
	if n == 0 {
		n = 300
	}
	texts := make([]string, 0, n)
	tokens := 0
	for i := range n {
		text := fmt.Sprintf("parcel number %d", i)
		tokens += backends.EstimateTokens(text)
		if limit := s.Limits().TokensPerRequest; limit > 0 && tokens > limit {
			break
		}
		texts = append(texts, text)
	}
	require.NotEmpty(t, texts)
	s.embed(t, texts...)
}

// A text gives a sound vector or is refused; neither may break its neighbour.
func checkUglyTexts(t reporter, s embedderSuite) {
	for name, text := range map[string]string{
		"quotes":          `it's "quoted" \ and 'so' on`,
		"control":         "bell\a tab\t return\r\nline\x00nul",
		"right to left":   "שלום עולם مرحبا بالعالم",
		"no spaces":       "東京は日本の首都です。",
		"combining":       "e\u0301te\u0301",
		"emoji":           "thanks 👩‍👩‍👧‍👦 🎉",
		"not UTF-8":       "broken \xff\xfe bytes",
		"one character":   "q",
		"a long word":     strings.Repeat("x", 3000),
		"white space":     " \t\n ",
		"markup":          "<script>alert(1)</script> {{template}} ${VARIABLE}",
		"stop words only": "the and of it",
	} {
		out, err := s.Embed(t.Context(), backends.Document, []string{text})
		if errors.Is(err, backends.ErrInvalidInput) {
			continue
		}
		require.NoError(t, err, name)
		require.Len(t, out.Vectors, 1, name)
		require.NoError(t, backends.CheckVector(out.Vectors[0], s.Model()), name)
	}
}

func checkPurposes(t reporter, s embedderSuite) {
	documents := s.embed(t, words...)
	queries, err := s.Embed(t.Context(), backends.SearchQuery, words)
	require.NoError(t, err)
	require.Len(t, queries.Vectors, len(words))
	for i, q := range queries.Vectors {
		require.NoError(t, backends.CheckVector(q, s.Model()))
		require.Equal(t, !s.Asymmetric, s.same(documents[i], q), "text %d as query and as document", i)
	}
}

// An embedder that caches must not hand out what it keeps.
func checkOwnMemory(t reporter, s embedderSuite) {
	first := s.embed(t, words[0], words[0])
	want := slices.Clone(first[0])
	for i := range first[0] {
		first[0][i] = 17
	}
	require.True(t, s.same(want, first[1]), "the vector of an equal text of the request")
	require.True(t, s.same(want, s.embed(t, words[0])[0]), "a later answer")
}

func checkConcurrent(t reporter, s embedderSuite) {
	want := s.embed(t, words...)
	type answer struct {
		text   int
		vector []float32
		err    error
	}
	answers := make(chan answer)
	const rounds = 8
	for range rounds {
		for i, text := range words {
			go func() {
				out, err := s.Embed(t.Context(), backends.Document, []string{text})
				if err == nil && len(out.Vectors) != 1 {
					err = fmt.Errorf("%d vectors for one text", len(out.Vectors))
				}
				if err != nil {
					answers <- answer{text: i, err: err}
					return
				}
				answers <- answer{text: i, vector: out.Vectors[0]}
			}()
		}
	}
	for range rounds * len(words) {
		a := <-answers
		require.NoError(t, a.err)
		require.True(t, s.same(want[a.text], a.vector), "text %d", a.text)
	}
}

func checkCancelled(t reporter, s embedderSuite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, err := s.Embed(ctx, backends.Document, words)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, out.Vectors)
	s.embed(t, words...) // goes on to work
}

func checkRefused(t reporter, s embedderSuite) {
	if !s.Refuses {
		return
	}
	for place := range 3 {
		texts := slices.Insert(slices.Clone(words[:2]), place, s.Refused)
		out, err := s.Embed(t.Context(), backends.Document, texts)
		require.ErrorIs(t, err, backends.ErrInvalidInput, "refused at place %d", place)
		require.Empty(t, out.Vectors)
		for _, text := range texts {
			if strings.TrimSpace(text) != "" {
				require.NotContains(t, err.Error(), text, "no error quotes a text")
			}
		}
	}
	_, err := s.Embed(t.Context(), backends.Document, []string{s.Refused})
	require.ErrorIs(t, err, backends.ErrInvalidInput, "alone")
	_, err = s.Embed(t.Context(), backends.SearchQuery, []string{s.Refused})
	require.ErrorIs(t, err, backends.ErrInvalidInput, "as a query")
}

// embed returns sound vectors, one per text, or fails the test.
func (s embedderSuite) embed(t reporter, texts ...string) [][]float32 {
	t.Helper()
	given := slices.Clone(texts)
	out, err := s.Embed(t.Context(), backends.Document, texts)
	require.NoError(t, err)
	require.Equal(t, given, texts, "the texts are the caller's")
	require.Len(t, out.Vectors, len(texts), "one vector per text")
	require.GreaterOrEqual(t, out.Tokens, int64(0))
	for i, v := range out.Vectors {
		require.NoError(t, backends.CheckVector(v, s.Model()), "vector %d", i)
	}
	return out.Vectors
}

func (s embedderSuite) same(a, b []float32) bool {
	return backends.CosineSimilarity(a, b) >= s.MinCosine
}
