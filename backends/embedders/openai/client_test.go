package openai_test

import (
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/openai"
	"github.com/reembed/reembed/backends/embedders/providertest"
)

// fake is a server of one handler, and an embedder of it.
func fake(t *testing.T, m backends.Model, handle http.HandlerFunc, change ...func(*openai.Config)) *openai.Embedder {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	cfg := openai.Config{BaseURL: s.URL + "/v1", APIKey: key}
	for _, c := range change {
		c(&cfg)
	}
	c, err := openai.NewClient(cfg)
	require.NoError(t, err)
	e, err := c.Embedder(m)
	require.NoError(t, err)
	return e
}

func TestRequestSaysWhatTheCatalogSays(t *testing.T) {
	t.Parallel()
	plain, prefixed := model(64), model(64)
	prefixed.DocumentPrefix, prefixed.QueryPrefix = "passage: ", "query: "
	ada := model(64)
	ada.Name, ada.ProviderModel = "text-embedding-3-small", ""
	for name, c := range map[string]struct {
		dialect providertest.Dialect
		model   backends.Model
		purpose backends.Purpose
		change  func(*openai.Config)
		text    string // as it has to arrive
		look    func(t *testing.T, r providertest.Request)
	}{
		"as it is": {model: plain, text: "tea with lemon", look: func(t *testing.T, r providertest.Request) {
			require.Equal(t, "/v1/embeddings", r.Path)
			require.Empty(t, r.Query)
			require.Equal(t, "text-embedding-3-small", r.Model)
			require.Equal(t, "base64", r.EncodingFormat)
			require.Zero(t, r.Dimensions, "only where the catalog says so")
			require.Equal(t, "application/json", r.Header.Get("Content-Type"))
			require.Equal(t, "reembed", r.Header.Get("User-Agent"))
			require.Empty(t, r.Header.Get("OpenAI-Organization"))
		}},
		"the entry's name where the provider's is not given": {model: ada, text: "tea with lemon", look: func(t *testing.T, r providertest.Request) {
			require.Equal(t, "text-embedding-3-small", r.Model)
		}},
		"all settings": {
			model: prefixed, purpose: backends.SearchQuery, text: "query: tea with lemon",
			change: func(c *openai.Config) {
				c.BaseURL += "/"
				c.Encoding, c.SendDimensions = openai.Float, true
				c.Organization, c.Project = "org-1", "proj-1"
				c.Headers = map[string]string{"x-team": "search", "User-Agent": "ours"}
			},
			look: func(t *testing.T, r providertest.Request) {
				require.Equal(t, "/v1/embeddings", r.Path)
				require.Equal(t, "float", r.EncodingFormat)
				require.Equal(t, 64, r.Dimensions)
				require.Equal(t, "org-1", r.Header.Get("OpenAI-Organization"))
				require.Equal(t, "proj-1", r.Header.Get("OpenAI-Project"))
				require.Equal(t, "search", r.Header.Get("X-Team"))
				require.Equal(t, "ours", r.Header.Get("User-Agent"))
			},
		},
		"a document": {model: prefixed, purpose: backends.Document, text: "passage: tea with lemon"},
		"azure": {
			dialect: providertest.Azure, model: plain, change: azure, text: "tea with lemon",
			look: func(t *testing.T, r providertest.Request) {
				require.True(t, strings.HasSuffix(r.Path, "/openai/deployments/text-embedding-3-small/embeddings"), r.Path)
				require.Equal(t, "2024-10-21", r.Query.Get("api-version"))
			},
		},
		"azure, a deployment of another name": {
			dialect: providertest.Azure, model: ada, text: "tea with lemon",
			change: func(c *openai.Config) { c.Azure = &openai.Azure{APIVersion: "v", Deployment: "ours"} },
			look: func(t *testing.T, r providertest.Request) {
				require.True(t, strings.HasSuffix(r.Path, "/openai/deployments/ours/embeddings"), r.Path)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, providertest.Options{
				Dialect: c.dialect, Key: key,
				Models: map[string]int{"text-embedding-3-small": 64, "ours": 64},
			})
			if c.change == nil {
				c.change = func(*openai.Config) {}
			}
			out, err := dial(t, s, c.model, c.change).Embed(t.Context(), c.purpose, []string{"tea with lemon"})
			require.NoError(t, err)
			require.EqualValues(t, providertest.Tokens(c.text), out.Tokens)
			require.Len(t, s.Requests(), 1)
			r := s.Requests()[0]
			require.True(t, r.Keyed)
			require.Equal(t, sha256.Sum256([]byte(c.text)), r.Sums[0])
			if c.look != nil {
				c.look(t, r)
			}
		})
	}
}

// A text arrives byte by byte as it is: what JSON escapes is not another text.
func TestTextsArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	s := serve(t, providertest.Options{})
	ugly := []string{"<b>&amp;</b>", "\u2028 and \u2029", "nul \x00 bell \a", `back\slash "quoted"`, "👩‍👩‍👧‍👦", "\ufffd itself", "e\u0301", "\r\n\t", "\u007f"}
	_, err := dial(t, s, model(64)).Embed(t.Context(), backends.Document, ugly)
	require.NoError(t, err)
	for i, sum := range s.Requests()[0].Sums {
		require.Equal(t, sha256.Sum256([]byte(ugly[i])), sum, "%q", ugly[i])
	}
}

func TestWhatIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	s := serve(t, providertest.Options{})
	e := dial(t, s, model(64), func(c *openai.Config) { c.MaxInputs, c.MaxTokensPerRequest = 3, 100 })
	for name, texts := range map[string][]string{
		"empty":           {"a", ""},
		"not UTF-8":       {canary + "\xff"},
		"too many":        {"a", "b", "c", canary},
		"too many tokens": {canary, strings.Repeat("x", 300)},
	} {
		_, err := e.Embed(t.Context(), backends.Document, texts)
		require.ErrorIs(t, err, backends.ErrInvalidInput, name)
		tellsNothing(t, err)
	}
	require.Empty(t, s.Requests())
	require.Equal(t, backends.EmbedderLimits{Inputs: 3, TokensPerRequest: 100}, e.Limits())
	require.Equal(t, backends.EmbedderLimits{Inputs: 2048, TokensPerRequest: 300_000}, dial(t, s, model(64)).Limits())
}

func TestDimensionsAreAskedForWhereTheModelShortens(t *testing.T) {
	t.Parallel()
	send := func(c *openai.Config) { c.SendDimensions = true }
	for name, c := range map[string]struct {
		dialect providertest.Dialect
		change  func(*openai.Config)
		is      error
	}{
		"the model shortens":   {providertest.OpenAI, send, nil},
		"it was not asked to":  {providertest.OpenAI, func(*openai.Config) {}, backends.ErrDimension},
		"the field is ignored": {providertest.LlamaServer, send, backends.ErrDimension},
	} {
		s := serve(t, providertest.Options{Dialect: c.dialect, Models: map[string]int{"text-embedding-3-small": 128}})
		out, err := dial(t, s, model(64), c.change).Embed(t.Context(), backends.Document, texts)
		require.ErrorIs(t, err, c.is, name)
		if c.is == nil {
			require.Len(t, out.Vectors[0], 64)
			continue
		}
		require.ErrorContains(t, err, "have 128", name)
		require.ErrorContains(t, err, "declares 64", name)
	}
}

// llama-server answers 500 to a text that is too long and says not which: taken
// for a failure, the job would try for ever. A 500 in other words is one, also
// with texts that only seem too long: what it set aside would stay aside.
func TestTextThatIsTooLongForAServerThatBreaks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("many words ", 300)
	oops := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"error":{"message":"`+canary+`","type":"server_error"}}`)
	})
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>too large to process</html>", http.StatusInternalServerError)
	})
	for name, c := range map[string]struct {
		server http.HandlerFunc // nil: llama-server
		most   int
		texts  []string
		is     error
	}{
		"llama-server":               {nil, 0, []string{long}, backends.ErrInvalidInput},
		"llama-server, among others": {nil, 512, []string{"tea", long, "coffee"}, backends.ErrInvalidInput},
		"llama-server, the others":   {nil, 512, []string{"tea", "coffee"}, nil},
		"a failure":                  {oops, 512, []string{"tea", long}, backends.ErrUnavailable},
		"the page of a proxy":        {page, 512, []string{long}, backends.ErrUnavailable},
		"a failure, short texts":     {oops, 512, []string{"tea", "coffee"}, backends.ErrUnavailable},
	} {
		m := model(64)
		m.MaxInputTokens = c.most
		var e *openai.Embedder
		if c.server == nil {
			e = dial(t, serve(t, providertest.Options{Dialect: providertest.LlamaServer}), m)
		} else {
			e = fake(t, m, c.server)
		}
		_, err := e.Embed(t.Context(), backends.Document, c.texts)
		require.ErrorIs(t, err, c.is, name)
	}
}
