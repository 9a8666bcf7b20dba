package providertest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

// refusal is a request that a dialect refuses, and how.
type refusal struct {
	name   string
	ask    map[string]any
	status int
	body   string
	opts   providertest.Options
}

func repeated(n int, text string) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(text+"|", n), "|"), "|")
}

// long is a text of so many tokens, as the server counts.
func long(tokens int) string { return strings.Repeat("abc ", tokens) }

const openAIInput = `{"error":{"message":"'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",` +
	`"type":"invalid_request_error","param":null,"code":null}}`

var refusals = map[providertest.Dialect][]refusal{
	providertest.OpenAI: {
		{
			name: "model", ask: map[string]any{"model": "gpt-9", "input": "x"}, status: 404,
			body: "{\"error\":{\"message\":\"The model `gpt-9` does not exist or you do not have access to it.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"model_not_found\"}}",
		},
		{
			name: "no model", ask: map[string]any{"input": "x"}, status: 400,
			body: `{"error":{"message":"you must provide a model parameter","type":"invalid_request_error","param":null,"code":null}}`,
		},
		{name: "2,049 inputs", ask: map[string]any{"model": model, "input": repeated(2049, "x")}, status: 400, body: openAIInput},
		{name: "empty", ask: map[string]any{"model": model, "input": []string{}}, status: 400, body: openAIInput},
		{name: "empty text", ask: map[string]any{"model": model, "input": []string{"x", ""}}, status: 400, body: openAIInput},
		{
			name: "8,193 tokens", ask: map[string]any{"model": model, "input": []string{"x", long(8193)}}, status: 400,
			body: `{"error":{"message":"This model's maximum context length is 8192 tokens, however you requested 8193 tokens (8193 in your prompt; 0 for the completion). Please reduce your prompt; or completion length.","type":"invalid_request_error","param":null,"code":null}}`,
		},
		{
			name: "300,001 tokens", ask: map[string]any{"model": model, "input": append(repeated(300, long(1000)), "x")}, status: 400,
			body: `{"error":{"message":"Requested 300001 tokens, max 300000 tokens per request","type":"max_tokens_per_request","param":null,"code":"max_tokens_per_request"}}`,
		},
		{
			name: "dimensions of ada", ask: map[string]any{"model": "text-embedding-ada-002", "input": "x", "dimensions": 256}, status: 400,
			body: `{"error":{"message":"This model does not support specifying dimensions.","type":"invalid_request_error","param":null,"code":null}}`,
			opts: providertest.Options{Models: map[string]int{"text-embedding-ada-002": 1536}},
		},
		{
			name: "more dimensions than there are", ask: map[string]any{"model": model, "input": "x", "dimensions": 257}, status: 400,
			body: `{"error":{"message":"Invalid value for 'dimensions' = 257. Must be less than or equal to 256.","type":"invalid_request_error","param":null,"code":null}}`,
		},
	},
	providertest.Azure: {
		{
			name: "300,001 tokens", ask: map[string]any{"input": append(repeated(300, long(1000)), "x")}, status: 400,
			body: `{"error":{"message":"Requested 300001 tokens, max 300000 tokens per request","type":"max_tokens_per_request","param":null,"code":"max_tokens_per_request"}}`,
		},
		{name: "2,049 inputs", ask: map[string]any{"input": repeated(2049, "x")}, status: 400, body: openAIInput},
	},
	providertest.VLLM: {
		{
			name: "model", ask: map[string]any{"model": "bge", "input": "x"}, status: 404,
			body: "{\"error\":{\"message\":\"The model `bge` does not exist.\",\"type\":\"NotFoundError\",\"param\":\"model\",\"code\":404}}",
		},
		{
			name: "8,193 tokens", ask: map[string]any{"model": model, "input": long(8193)}, status: 400,
			body: `{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 8193 tokens in the input for embedding generation. Please reduce the length of the input.","type":"BadRequestError","param":null,"code":400}}`,
		},
		{
			name: "dimensions", ask: map[string]any{"model": model, "input": "x", "dimensions": 256}, status: 400,
			body: `{"error":{"message":"Model \"text-embedding-3-small\" does not support matryoshka representation, changing output dimensions will lead to poor results.","type":"BadRequestError","param":null,"code":400}}`,
		},
		{
			name: "a number as input is quoted", ask: map[string]any{"input": 7}, status: 400,
			body: `{"error":{"message":"1 validation error:\n  {'type': 'value_error', 'loc': ('body',), 'msg': 'Input should be a valid string', 'input': {\"input\":7}}","type":"BadRequestError","param":null,"code":400}}`,
		},
		{
			name: "empty", ask: map[string]any{"model": model, "input": []string{}}, status: 400,
			body: `{"error":{"message":"please provide at least one prompt","type":"BadRequestError","param":null,"code":400}}`,
		},
	},
	providertest.TEI: {
		{
			name: "33 inputs", ask: map[string]any{"input": repeated(33, "x")}, status: 413,
			body: `{"message":"batch size 33 > maximum allowed batch size 32","code":413,"type":"Validation"}`,
		},
		{
			name: "513 tokens", ask: map[string]any{"input": []string{"x", long(513)}}, status: 413,
			body: "{\"message\":\"Input validation error: `inputs` must have less than 512 tokens. Given: 513\",\"code\":413,\"type\":\"Validation\"}",
		},
		{
			name: "empty text", ask: map[string]any{"input": ""}, status: 400,
			body: "{\"message\":\"Input validation error: `inputs` cannot be empty\",\"code\":400,\"type\":\"Empty\"}",
		},
		{name: "empty", ask: map[string]any{"input": []string{}}, status: 400, body: "{\"message\":\"`inputs` cannot be empty\",\"code\":400,\"type\":\"Empty\"}"},
		{name: "2 MB", ask: map[string]any{"input": long(500_001)}, status: 413, body: "Failed to buffer the request body: length limit exceeded"},
		{
			name: "a number", ask: map[string]any{"input": 7}, status: 422,
			body: "Failed to deserialize the JSON body into the target type: input: data did not match any variant of untagged enum Input at line 1 column 12",
		},
		{
			name: "a limit of ours", ask: map[string]any{"input": repeated(5, "x")}, status: 413, opts: providertest.Options{MaxInputs: 4},
			body: `{"message":"batch size 5 > maximum allowed batch size 4","code":413,"type":"Validation"}`,
		},
	},
	providertest.LlamaServer: {
		{
			name: "513 tokens", ask: map[string]any{"input": []string{"x", long(513)}}, status: 500,
			body: `{"error":{"code":500,"message":"input (513 tokens) is too large to process. increase the physical batch size (current batch size: 512)","type":"server_error"}}`,
		},
		{
			name: "no input", ask: map[string]any{"model": "m"}, status: 400,
			body: `{"error":{"code":400,"message":"\"input\" or \"content\" must be provided","type":"invalid_request_error"}}`,
		},
		{name: "empty", ask: map[string]any{"input": []string{}}, status: 400, body: `{"error":{"code":400,"message":"\"input\" must not be empty","type":"invalid_request_error"}}`},
		{
			name: "null", ask: map[string]any{"input": nil}, status: 400,
			body: `{"error":{"code":400,"message":"\"prompt\" elements must be a string, a list of tokens, a JSON object containing a prompt string, or a list of mixed strings & tokens.","type":"invalid_request_error"}}`,
		},
		{
			name: "format", ask: map[string]any{"input": "x", "encoding_format": "hex"}, status: 400,
			body: `{"error":{"code":400,"message":"The format to return the embeddings in. Can be either float or base64","type":"invalid_request_error"}}`,
		},
		{
			name: "inputs, with a limit of ours", ask: map[string]any{"input": []string{"x", "y"}}, status: 400, opts: providertest.Options{MaxInputs: 1},
			body: `{"error":{"code":400,"message":"'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.","type":"invalid_request_error"}}`,
		},
	},
	providertest.LiteLLM: {
		{
			name: "model", ask: map[string]any{"model": "gpt-9", "input": "x"}, status: 400,
			body: "{\"error\":{\"message\":\"{'error': '/embeddings: Invalid model name passed in model=gpt-9. Call `/v1/models` to view available models for your key.'}\",\"type\":\"None\",\"param\":\"None\",\"code\":\"400\"}}",
		},
		{
			name: "300,001 tokens", ask: map[string]any{"model": model, "input": append(repeated(300, long(1000)), "x")}, status: 400,
			body: `{"error":{"message":"litellm.BadRequestError: BadRequestError: OpenAIException - Requested 300001 tokens, max 300000 tokens per request","type":"invalid_request_error","param":null,"code":"400"}}`,
		},
		{
			name: "more dimensions than there are", ask: map[string]any{"model": model, "input": "x", "dimensions": 257}, status: 400,
			body: `{"error":{"message":"litellm.BadRequestError: BadRequestError: OpenAIException - Invalid value for 'dimensions' = 257. Must be less than or equal to 256.","type":"invalid_request_error","param":null,"code":"400"}}`,
		},
	},
	providertest.Ollama: {
		{
			name: "model", ask: map[string]any{"model": "bge", "input": "x"}, status: 404,
			body: `{"error":{"message":"model \"bge\" not found, try pulling it first","type":"not_found_error","param":null,"code":null}}`,
		},
		{
			name: "empty", ask: map[string]any{"model": model, "input": []string{}}, status: 400,
			body: `{"error":{"message":"invalid input","type":"invalid_request_error","param":null,"code":null}}`,
		},
		{
			name: "tokens", ask: map[string]any{"model": model, "input": map[string]int{}}, status: 400,
			body: `{"error":{"message":"invalid input type","type":"invalid_request_error","param":null,"code":null}}`,
		},
	},
}

func TestWhatDialectsRefuse(t *testing.T) {
	t.Parallel()
	for d, all := range refusals {
		for _, tt := range all {
			t.Run(d.String()+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				tt.opts.Dialect = d
				s := start(t, tt.opts)
				r, err := do(t, http.DefaultClient, endpoint(s, d), nil, request(t, tt.ask))
				require.NoError(t, err)
				require.Equal(t, tt.status, r.status, "%s", r.body)
				if tt.body[0] == '{' {
					require.JSONEq(t, tt.body, string(r.body))
					require.True(t, strings.HasPrefix(r.header.Get("Content-Type"), "application/json"))
				} else {
					require.Equal(t, tt.body, string(r.body))
					require.Equal(t, "text/plain; charset=utf-8", r.header.Get("Content-Type"))
				}
				require.Zero(t, s.Texts(), "nothing is embedded")
			})
		}
	}
}

// A body that is no JSON is quoted by some servers: what they say is no message
// for a log.
func TestBadJSONIsQuoted(t *testing.T) {
	t.Parallel()
	for d, quoted := range map[providertest.Dialect]bool{
		providertest.OpenAI: false, providertest.Azure: false, providertest.VLLM: true, providertest.TEI: false,
		providertest.LlamaServer: true, providertest.LiteLLM: false, providertest.Ollama: false,
	} {
		s := start(t, providertest.Options{Dialect: d})
		r, err := do(t, http.DefaultClient, endpoint(s, d), nil, `{"input":"a canary`)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, r.status, "%s", d)
		require.Equal(t, quoted, strings.Contains(string(r.body), "a canary"), "%s", d)
	}
}

// What is as large as a documented limit allows passes.
func TestWhatDialectsJustAllow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dialect providertest.Dialect
		name    string
		input   []string
	}{
		{providertest.OpenAI, "2,048 inputs", repeated(2048, "x")},
		{providertest.OpenAI, "8,192 tokens", []string{long(8192)}},
		{providertest.OpenAI, "300,000 tokens", repeated(300, long(1000))},
		{providertest.Azure, "2,048 inputs", repeated(2048, "x")},
		{providertest.VLLM, "3,000 inputs, and empty ones", append(repeated(3000, "x"), "")},
		{providertest.TEI, "32 inputs of 512 tokens", repeated(32, long(512))},
		{providertest.LlamaServer, "512 tokens, and nothing", []string{long(512), ""}},
		{providertest.Ollama, "nothing beside something", []string{"x", ""}},
	} {
		t.Run(tt.dialect.String()+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, providertest.Options{Dialect: tt.dialect, Models: map[string]int{model: 8}})
			ask := map[string]any{"model": model, "input": tt.input, "encoding_format": "base64"}
			r, err := do(t, http.DefaultClient, endpoint(s, tt.dialect), nil, request(t, ask))
			require.NoError(t, err)
			require.Len(t, r.list(t).Data, len(tt.input))
		})
	}
}
