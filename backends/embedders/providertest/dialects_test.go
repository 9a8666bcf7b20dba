package providertest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	const right, wrong = "sk-proj-0123456789", "sk-evil-canary-9876"
	for d, tt := range map[providertest.Dialect]struct{ wrong, none string }{
		providertest.OpenAI: {
			wrong: `{"error":{"message":"Incorrect API key provided: sk-e***********9876. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`,
		},
		providertest.Azure: {
			wrong: `{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}`,
			none:  `{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}`,
		},
		providertest.VLLM:        {wrong: `{"error":"Unauthorized"}`, none: `{"error":"Unauthorized"}`},
		providertest.TEI:         {},
		providertest.LlamaServer: {wrong: `{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}`},
		providertest.LiteLLM: {
			wrong: "{\"error\":{\"message\":\"Authentication Error, Invalid proxy server token passed. Received API Key = sk-...9876, Key Hash (Token) =" + strings.Repeat("0", 64) +
				". Unable to find token in cache or `LiteLLM_VerificationTokenTable`\",\"type\":\"token_not_found_in_db\",\"param\":\"key\",\"code\":\"401\"}}",
			none: `{"error":{"message":"Authentication Error, No api key passed in.","type":"auth_error","param":"None","code":"401"}}`,
		},
		providertest.Ollama: {wrong: `{"error":{"message":"unauthorized","type":"api_error","param":null,"code":null}}`},
	} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t, providertest.Options{Dialect: d, Key: right})
			body := request(t, map[string]any{"model": model, "input": "x"})
			for name, c := range map[string]struct {
				header http.Header
				body   string
			}{
				"wrong": {keyed(d, wrong), tt.wrong}, "none": {nil, tt.none}, "another scheme": {http.Header{"Authorization": {"Basic " + right}}, ""},
			} {
				r, err := do(t, http.DefaultClient, endpoint(s, d), c.header, body)
				require.NoError(t, err, name)
				require.Equal(t, http.StatusUnauthorized, r.status, name)
				if c.body != "" {
					require.JSONEq(t, c.body, string(r.body), name)
				}
				require.NotContains(t, string(r.body), right, name)
				require.NotContains(t, string(r.body), wrong, name)
			}
			r, err := do(t, http.DefaultClient, endpoint(s, d), keyed(d, right), body)
			require.NoError(t, err)
			require.Len(t, r.list(t).Data, 1)
			require.EqualValues(t, 1, s.Texts())
		})
	}
}

// Azure takes a token of Entra ID as the others take their keys.
func TestAzureTakesBearerToo(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{Dialect: providertest.Azure, Key: "token"})
	r, err := do(t, http.DefaultClient, endpoint(s, providertest.Azure), http.Header{"Authorization": {"Bearer token"}}, `{"input":"x"}`)
	require.NoError(t, err)
	require.Len(t, r.list(t).Data, 1)
}

func TestAzurePaths(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{Dialect: providertest.Azure})
	const notFound = `{"error":{"code":"404","message":"Resource not found"}}`
	const noDeployment = `{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."}}`
	for path, refused := range map[string]string{
		"/openai/deployments/" + model + "/embeddings?api-version=2024-10-21": "",
		"/openai/v1/embeddings":                           "",
		"/openai/v1/embeddings?api-version=preview":       "",
		"/openai/deployments/" + model + "/embeddings":    notFound,
		"/openai/deployments/x/embeddings?api-version=v":  noDeployment,
		"/openai/deployments//embeddings?api-version=v":   notFound,
		"/openai/deployments/x/completions?api-version=v": notFound,
		"/v1/embeddings": notFound,
	} {
		r, err := do(t, http.DefaultClient, s.URL()+path, nil, request(t, map[string]any{"model": model, "input": "x"}))
		require.NoError(t, err)
		if refused == "" {
			require.Len(t, r.list(t).Data, 1, path)
			continue
		}
		require.Equal(t, http.StatusNotFound, r.status, path)
		require.JSONEq(t, refused, string(r.body), path)
	}
}

// dimensions shortens, is ignored without a word, or is refused; the last is
// among the refusals.
func TestDimensions(t *testing.T) {
	t.Parallel()
	for d, length := range map[providertest.Dialect]int{
		providertest.OpenAI: 64, providertest.Azure: 64, providertest.LiteLLM: 64, providertest.Ollama: 64, providertest.TEI: 256, providertest.LlamaServer: 256,
	} {
		s := start(t, providertest.Options{Dialect: d})
		r, err := do(t, http.DefaultClient, endpoint(s, d), nil, request(t, map[string]any{"model": model, "input": "some words", "dimensions": 64}))
		require.NoError(t, err)
		require.Equal(t, want(t, model, length, "some words"), r.list(t).Data[0].vector(t), "%s", d)
	}
	s := start(t, providertest.Options{Dialect: providertest.Ollama})
	l := post(t, s, request(t, map[string]any{"model": model, "input": "some words", "dimensions": 1000})).list(t)
	require.Len(t, l.Data[0].vector(t), 256, "more than there are: as many as there are")
}

// Whoever sends no names, or wrong ones, to a server with one model is not told.
func TestServersWithOneModel(t *testing.T) {
	t.Parallel()
	models := map[string]int{"a-model": 32, "b-model": 64}
	for d, says := range map[providertest.Dialect]map[string]string{
		providertest.LlamaServer: {"": "a-model", "whatever": "whatever"},
		providertest.TEI:         {"": "a-model", "whatever": "a-model"},
	} {
		s := start(t, providertest.Options{Dialect: d, Models: models})
		for asked, said := range says {
			l := post(t, s, request(t, map[string]any{"model": asked, "input": "x"})).list(t)
			require.Equal(t, said, l.Model)
			require.Equal(t, want(t, "a-model", 32, "x"), l.Data[0].vector(t))
		}
	}
}

func TestOllamaTruncatesWithoutAWord(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{Dialect: providertest.Ollama, MaxInputTokens: 10})
	l := ask(t, s, "float", long(10)+"what comes behind").list(t)
	require.Equal(t, want(t, model, 256, long(10)), l.Data[0].vector(t))
	require.Equal(t, 10, l.Usage.Prompt)
	cut := ask(t, s, "float", strings.Repeat("x", 39)+"é and more").list(t)
	require.Equal(t, want(t, model, 256, strings.Repeat("x", 39)), cut.Data[0].vector(t), "not in the middle of a letter")
}

func TestOllamaAnswersALoneEmptyTextWithNothing(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{Dialect: providertest.Ollama})
	for _, input := range []any{"", []string{""}} {
		r := post(t, s, request(t, map[string]any{"model": model, "input": input}))
		require.Empty(t, r.list(t).Data)
		require.Contains(t, string(r.body), `"data":null`)
	}
	require.Zero(t, s.Texts())
}

// A request's id is in the header that the dialect has for it, and never twice the same.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	for d, header := range map[providertest.Dialect]string{
		providertest.OpenAI: "x-request-id", providertest.Azure: "apim-request-id", providertest.LiteLLM: "x-litellm-call-id",
	} {
		s := start(t, providertest.Options{Dialect: d})
		seen := map[string]bool{}
		for i := range 4 {
			if i == 2 {
				s.Add(providertest.Fault{Kind: providertest.InternalError})
			}
			r, err := do(t, http.DefaultClient, endpoint(s, d), nil, request(t, map[string]any{"model": model, "input": "x"}))
			require.NoError(t, err)
			id := r.header.Get(header)
			require.NotEmpty(t, id, "%s", d)
			require.Equal(t, s.Requests()[i].ID, id)
			seen[id] = true
		}
		require.Len(t, seen, 4)
	}
	s := start(t, providertest.Options{Dialect: providertest.VLLM})
	body := ask(t, s, "float", "x").body
	require.Contains(t, string(body), fmt.Sprintf(`"id":%q`, s.Requests()[0].ID))
}

// llama-server writes the fields of its answer in another order: no client may rely on one.
func TestOrderOfFieldsDiffers(t *testing.T) {
	t.Parallel()
	llama := ask(t, start(t, providertest.Options{Dialect: providertest.LlamaServer}), "base64", "x").body
	openai := ask(t, start(t, providertest.Options{}), "base64", "x").body
	require.Less(t, strings.Index(string(llama), `"usage"`), strings.Index(string(llama), `"data"`))
	require.Less(t, strings.Index(string(openai), `"data"`), strings.Index(string(openai), `"usage"`))
	require.Less(t, strings.Index(string(llama), `"embedding":`), strings.Index(string(llama), `"index"`))
	require.Less(t, strings.Index(string(openai), `"index"`), strings.Index(string(openai), `"embedding":`))
	require.Contains(t, string(llama), `"encoding_format":"base64"`)
	require.NotContains(t, string(openai), `"encoding_format"`)
}
