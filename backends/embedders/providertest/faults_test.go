package providertest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

// noRedirects is a client that shows a redirection instead of following it.
var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// strike has one request struck by a fault, and returns what the client saw.
func strike(t *testing.T, s *providertest.Server, d providertest.Dialect, f providertest.Fault, format string, texts ...string) (reply, error) {
	t.Helper()
	f.Nth = 1
	s.Add(f)
	before := s.Struck()
	body := request(t, map[string]any{"model": model, "input": texts, "encoding_format": format})
	r, err := do(t, noRedirects, endpoint(s, d), keyed(d, "sk-canary-of-the-key"), body)
	require.Equal(t, before+1, s.Struck())
	s.Clear()
	return r, err
}

func TestFaultsThatRefuse(t *testing.T) {
	t.Parallel()
	statuses := map[providertest.Kind]int{
		providertest.BadRequest: 400, providertest.Unauthorized: 401, providertest.Forbidden: 403, providertest.ModelNotFound: 404,
		providertest.TooLarge: 413, providertest.InferenceFailed: 424, providertest.RateLimited: 429, providertest.QuotaExhausted: 429,
		providertest.BudgetExceeded: 429, providertest.InternalError: 500, providertest.BadGateway: 502, providertest.Unavailable: 503,
		providertest.Redirect: 307, providertest.ErrorWithStatus: 200, providertest.QuotesInput: 400,
	}
	for _, d := range providertest.Dialects() {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t, providertest.Options{Dialect: d})
			for kind, status := range statuses {
				if d == providertest.LiteLLM && kind == providertest.ModelNotFound {
					status = 400
				}
				r, err := strike(t, s, d, providertest.Fault{Kind: kind}, "float", "canary of the text")
				require.NoError(t, err, kind)
				require.Equal(t, status, r.status, kind)
				if strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
					require.True(t, json.Valid(r.body), "%s: %s", kind, r.body)
				}
				require.NotContains(t, string(r.body), `"data"`, kind)
				require.Empty(t, r.header.Get("Retry-After"), kind)
				quotes := kind == providertest.QuotesInput
				require.Equal(t, quotes, strings.Contains(string(r.body), "canary of the text"), kind)
				require.Equal(t, quotes, strings.Contains(string(r.body), "sk-canary-of-the-key"), kind)
			}
			require.Zero(t, s.Texts(), "nothing was embedded")
			ask := request(t, map[string]any{"model": model, "input": "x"})
			r, err := do(t, http.DefaultClient, endpoint(s, d), nil, ask)
			require.NoError(t, err)
			require.Len(t, r.list(t).Data, 1, "afterwards it works")
		})
	}
}

const openAIQuota = `{"error":{"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`

func TestBodiesOfFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dialect providertest.Dialect
		kind    providertest.Kind
		body    string
	}{
		{providertest.OpenAI, providertest.QuotaExhausted, openAIQuota},
		{providertest.OpenAI, providertest.RateLimited, `{"error":{"message":"Rate limit reached for text-embedding-3-small in organization org-providertest on requests per min (RPM): Limit 3000, Used 3000, Requested 1. Please try again in 20ms. Visit https://platform.openai.com/account/rate-limits to learn more.","type":"requests","param":null,"code":"rate_limit_exceeded"}}`},
		{providertest.OpenAI, providertest.InternalError, `{"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}}`},
		{providertest.OpenAI, providertest.Unavailable, `{"error":{"message":"The engine is currently overloaded, please try again later","type":"server_error","param":null,"code":null}}`},
		{providertest.OpenAI, providertest.Forbidden, `{"error":{"message":"Country, region, or territory not supported","type":"request_forbidden","param":null,"code":"unsupported_country_region_territory"}}`},
		{providertest.Azure, providertest.RateLimited, `{"error":{"code":"429","message":"Requests to the Embeddings_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 1 seconds. Please go here: https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."}}`},
		{providertest.Azure, providertest.QuotaExhausted, openAIQuota},
		{providertest.VLLM, providertest.InternalError, `{"error":{"message":"","type":"InternalServerError","param":null,"code":500}}`},
		{providertest.TEI, providertest.RateLimited, `{"message":"Model is overloaded","code":429,"type":"Overloaded"}`},
		{providertest.TEI, providertest.InferenceFailed, `{"message":"Backend error: Could not start backend: out of memory","code":424,"type":"Backend"}`},
		{providertest.LlamaServer, providertest.Unavailable, `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`},
		{providertest.LlamaServer, providertest.ModelNotFound, `{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}`},
		{providertest.LiteLLM, providertest.RateLimited, `{"error":{"message":"litellm.RateLimitError: RateLimitError: OpenAIException - Rate limit reached for text-embedding-3-small in organization org-providertest on requests per min (RPM): Limit 3000, Used 3000, Requested 1. Please try again in 20ms. Visit https://platform.openai.com/account/rate-limits to learn more.","type":"throttling_error","param":null,"code":"429"}}`},
		{providertest.LiteLLM, providertest.QuotaExhausted, `{"error":{"message":"litellm.RateLimitError: RateLimitError: OpenAIException - You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.","type":"throttling_error","param":null,"code":"429"}}`},
		{providertest.LiteLLM, providertest.BudgetExceeded, `{"error":{"message":"Budget has been exceeded! Current cost: 10.0023, Max budget: 10.0","type":"budget_exceeded","param":null,"code":"429"}}`},
		{providertest.Ollama, providertest.Unavailable, `{"error":{"message":"server busy, please try again.  maximum pending requests exceeded","type":"api_error","param":null,"code":null}}`},
	} {
		s := start(t, providertest.Options{Dialect: tt.dialect})
		r, err := strike(t, s, tt.dialect, providertest.Fault{Kind: tt.kind}, "float", "x")
		require.NoError(t, err)
		require.JSONEq(t, tt.body, string(r.body), "%s %s", tt.dialect, tt.kind)
	}
}

func TestRetryHeadersAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	date := providertest.RetryDate(time.Date(2026, 11, 24, 12, 30, 0, 0, time.FixedZone("", 3600)))
	require.Equal(t, "Tue, 24 Nov 2026 11:30:00 GMT", date)
	for _, after := range []string{"2", date, "-5", "99999999999999999999", "soon", "1.5", ""} {
		for _, kind := range []providertest.Kind{providertest.RateLimited, providertest.QuotaExhausted, providertest.Unavailable} {
			r, err := strike(t, s, providertest.OpenAI, providertest.Fault{Kind: kind, RetryAfter: after, RetryAfterMS: "750"}, "float", "x")
			require.NoError(t, err)
			require.Equal(t, after, r.header.Get("Retry-After"))
			require.Equal(t, "750", r.header.Get("retry-after-ms"))
		}
	}
	r, err := strike(t, s, providertest.OpenAI, providertest.Fault{Kind: providertest.TooFew, RetryAfter: "2"}, "float", "x")
	require.NoError(t, err)
	require.Empty(t, r.header.Get("Retry-After"), "on refusals only")
}

func TestWhichRequestsAreStruck(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	status := func() int { return ask(t, s, "float", "x").status }
	require.Equal(t, 200, status())
	s.Add(providertest.Fault{Nth: 2, Kind: providertest.InternalError}, providertest.Fault{Nth: 4, From: true, Kind: providertest.Unavailable})
	var got []int
	for range 6 {
		got = append(got, status())
	}
	require.Equal(t, []int{200, 500, 200, 503, 503, 503}, got, "counted from when it was added")
	require.Equal(t, 4, s.Struck())
	s.Add(providertest.Fault{Kind: providertest.BadRequest})
	require.Equal(t, 503, status(), "the first added wins")
	s.Clear()
	require.Equal(t, 200, status())
	s.Add(providertest.Fault{Kind: providertest.BadRequest})
	require.Equal(t, 400, status())
	require.Equal(t, 400, status(), "every one")
	require.Equal(t, 7, s.Struck())
	var kinds []providertest.Kind
	for _, r := range s.Requests() {
		kinds = append(kinds, r.Fault)
	}
	require.Equal(t, []providertest.Kind{"", "", "500", "", "503", "503", "503", "503", "", "400", "400"}, kinds)
}

func TestEachNthRequestIsStruck(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	s.Add(providertest.Fault{Nth: 3, Every: true, Kind: providertest.Unavailable})
	var got []int
	for range 7 {
		got = append(got, ask(t, s, "float", "x").status)
	}
	require.Equal(t, []int{200, 200, 503, 200, 200, 503, 200}, got)
}

// A provider that can't stand a text refuses whatever it is in.
func TestTextsAreStruck(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	s.Add(providertest.Fault{Text: "poison", Kind: providertest.BadRequest}, providertest.Fault{Nth: 2, Text: "slow", Kind: providertest.Unavailable})
	for _, tt := range []struct {
		status int
		texts  []string
	}{
		{200, []string{"good"}},
		{400, []string{"good", "a poisoned one"}},
		{200, []string{"slow"}},
		{200, []string{"good", "better"}},
		{503, []string{"best", "slowest"}},
		{200, []string{"slow"}},
		{400, []string{"poison"}},
	} {
		require.Equal(t, tt.status, ask(t, s, "float", tt.texts...).status, "%v", tt.texts)
	}
}

// A fault comes before everything else that a request may be refused for.
func TestFaultsComeFirst(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{Key: "sk-right"})
	s.Add(providertest.Fault{Kind: providertest.Unavailable})
	require.Equal(t, http.StatusServiceUnavailable, post(t, s, "no JSON").status)
	s.Clear()
	require.Equal(t, http.StatusUnauthorized, post(t, s, "no JSON").status)
}

func TestDelay(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	begun := time.Now()
	r, err := strike(t, s, providertest.OpenAI, providertest.Fault{Kind: providertest.InternalError, Delay: 50 * time.Millisecond}, "float", "x")
	require.NoError(t, err)
	require.Equal(t, 500, r.status)
	require.GreaterOrEqual(t, time.Since(begun), 50*time.Millisecond)
}
