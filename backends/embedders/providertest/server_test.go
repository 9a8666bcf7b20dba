package providertest_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

func TestAnswersInBothEncodings(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	texts := []string{"a tale of two cities", "two tales of a city", "…", "Ünïcödé \x00 and \"quotes\""}
	for _, format := range []string{"float", "base64"} {
		l := ask(t, s, format, texts...).list(t)
		require.Equal(t, "list", l.Object)
		require.Equal(t, model, l.Model)
		require.Len(t, l.Data, len(texts))
		tokens := 0
		for i, e := range l.Data {
			require.Equal(t, "embedding", e.Object)
			require.Equal(t, i, *e.Index)
			require.Equal(t, format == "base64", e.Embedding[0] == '"')
			require.Equal(t, want(t, model, 256, texts[i]), e.vector(t))
			tokens += providertest.Tokens(texts[i])
		}
		require.Equal(t, tokens, l.Usage.Prompt)
		require.Equal(t, tokens, l.Usage.Total)
	}
	require.EqualValues(t, 2*len(texts), s.Texts())
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{TLS: true})
	body := request(t, map[string]any{"model": model, "input": "text"})
	_, err := do(t, http.DefaultClient, s.URL()+"/embeddings", nil, body)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown)

	r, err := do(t, trusting(t, s), s.URL()+"/embeddings", nil, body)
	require.NoError(t, err)
	require.Len(t, r.list(t).Data, 1)
}

// What is right for one dialect is right for all: a request with a key, in
// both encodings, gets the vectors of its texts.
func TestEveryDialectEmbeds(t *testing.T) {
	t.Parallel()
	for _, d := range providertest.Dialects() {
		for _, format := range []string{"float", "base64", ""} {
			t.Run(d.String()+" "+format, func(t *testing.T) {
				t.Parallel()
				s := start(t, providertest.Options{Dialect: d, Key: "sk-right-and-long"})
				fields := map[string]any{"model": model, "input": []string{"first text", "second text"}}
				if format != "" {
					fields["encoding_format"] = format
				}
				r, err := do(t, http.DefaultClient, endpoint(s, d), keyed(d, "sk-right-and-long"), request(t, fields))
				require.NoError(t, err)
				l := r.list(t)
				require.Equal(t, "list", l.Object)
				require.Equal(t, model, l.Model)
				require.Len(t, l.Data, 2)
				for i, text := range []string{"first text", "second text"} {
					require.Equal(t, i, *l.Data[i].Index)
					require.Equal(t, "embedding", l.Data[i].Object)
					require.Equal(t, format == "base64", l.Data[i].Embedding[0] == '"')
					require.Equal(t, want(t, model, 256, text), l.Data[i].vector(t))
				}
				require.Equal(t, 6, l.Usage.Total)
			})
		}
	}
}

// All forms of input that the API reference has.
func TestForms(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	for name, tt := range map[string]struct {
		input string
		texts []string
	}{
		"a string":         {`"one"`, []string{"one"}},
		"strings":          {`["one","two"]`, []string{"one", "two"}},
		"tokens":           {`[1,22,333]`, []string{"1 22 333"}},
		"arrays of tokens": {`[[1,22],[333]]`, []string{"1 22", "333"}},
		"escapes":          {`["\u00e9\n\ud83d\ude00"]`, []string{"é\n😀"}},
	} {
		l := post(t, s, `{"input":`+tt.input+`,"model":"`+model+`","user":"somebody","unknown":{}}`).list(t)
		require.Len(t, l.Data, len(tt.texts), name)
		for i, text := range tt.texts {
			require.Equal(t, want(t, model, 256, text), l.Data[i].vector(t), name)
		}
	}
	for name, body := range map[string]string{
		"no JSON": `{"input":`, "empty": ``, "no input": `{"model":"m"}`, "null": `{"model":"m","input":null}`, "a number": `{"model":"m","input":7}`,
		"mixed": `{"model":"m","input":["one",2]}`, "a null text": `{"model":"m","input":["one",null]}`, "not UTF-8": "{\"model\":\"m\",\"input\":\"\xff\"}", "a number for a model": `{"model":7,"input":"x"}`, "objects": `{"model":"m","input":[{}]}`,
		"format": `{"model":"m","input":"one","encoding_format":"hex"}`, "dimensions": `{"model":"m","input":"one","dimensions":0}`,
	} {
		require.Equal(t, http.StatusBadRequest, post(t, s, body).status, name)
	}
	require.EqualValues(t, 7, s.Texts())
}

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	for _, path := range []string{"/", "/v1/embedding", "/embeddings", "/v1/embeddings/x"} {
		r, err := do(t, http.DefaultClient, s.URL()+"/.."+path, nil, "{}")
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, r.status, path)
	}
	res, err := http.Get(s.URL() + "/embeddings")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
	require.Equal(t, http.MethodPost, res.Header.Get("Allow"))
	require.Empty(t, s.Requests(), "only requests to embed are kept")
}

func TestRequestsAreKeptWithoutTextsAndKeys(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{Dialect: providertest.Azure, Key: "sk-the-key", Models: map[string]int{"d": 8}})
	s.Add(providertest.Fault{Nth: 2, Kind: providertest.Unavailable})
	body := request(t, map[string]any{"input": []string{"canary one", "canary two"}, "encoding_format": "base64", "dimensions": 4})
	header := http.Header{"Api-Key": {"sk-the-key"}, "X-Seen": {"yes"}, "Authorization": {"Bearer sk-other"}}
	first, err := do(t, http.DefaultClient, s.URL()+"/openai/deployments/d/embeddings?api-version=2024-10-21", header, body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, first.status, "%s", first.body)
	_, err = do(t, http.DefaultClient, s.URL()+"/openai/v1/embeddings", nil, `{"model":"d","input":"x"}`)
	require.NoError(t, err)

	kept := s.Requests()
	require.Len(t, kept, 2)
	r := kept[0]
	require.NotEmpty(t, r.ID)
	require.Equal(t, first.header.Get("apim-request-id"), r.ID)
	require.Equal(t, "/openai/deployments/d/embeddings", r.Path)
	require.Equal(t, url.Values{"api-version": {"2024-10-21"}}, r.Query)
	require.True(t, r.Keyed)
	require.Equal(t, "d", r.Model)
	require.Equal(t, 2, r.Inputs)
	require.Equal(t, 6, r.Tokens)
	require.Equal(t, "base64", r.EncodingFormat)
	require.Equal(t, 4, r.Dimensions)
	require.Equal(t, len(body), r.Bytes)
	require.Equal(t, [][sha256.Size]byte{sha256.Sum256([]byte("canary one")), sha256.Sum256([]byte("canary two"))}, r.Sums)
	require.Equal(t, http.StatusOK, r.Status)
	require.Empty(t, r.Fault)
	require.Equal(t, "yes", r.Header.Get("X-Seen"))
	require.Equal(t, providertest.Unavailable, kept[1].Fault)
	require.Equal(t, http.StatusServiceUnavailable, kept[1].Status)
	require.False(t, kept[1].Keyed)
	all := fmt.Sprintf("%+v", kept)
	for _, secret := range []string{"canary", "sk-the-key", "sk-other"} {
		require.NotContains(t, all, secret)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{Forget: true})
	ask(t, s, "float", "x").list(t)
	require.Empty(t, s.Requests())
	require.EqualValues(t, 1, s.Texts())
}

// Latency holds nothing back but its own answer.
func TestLatencyIsOfEachAnswer(t *testing.T) {
	t.Parallel()
	const latency, clients = 100 * time.Millisecond, 30
	s := start(t, providertest.Options{Latency: latency})
	body := request(t, map[string]any{"model": model, "input": "text"})
	begun := time.Now()
	var all sync.WaitGroup
	took := make([]time.Duration, clients)
	errs := make([]error, clients)
	for i := range clients {
		all.Go(func() {
			_, errs[i] = do(t, http.DefaultClient, s.URL()+"/embeddings", nil, body)
			took[i] = time.Since(begun)
		})
	}
	all.Wait()
	for i := range clients {
		require.NoError(t, errs[i])
		require.GreaterOrEqual(t, took[i], latency)
	}
	require.Less(t, time.Since(begun), clients*latency/3, "they wait side by side")
	require.EqualValues(t, clients, s.Texts())
}

// Who closes a server does not wait for what it would still have to do.
func TestCloseEndsWhatHangs(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]struct {
		latency time.Duration
		fault   providertest.Fault
	}{
		"latency": {latency: time.Hour},
		"hang":    {fault: providertest.Fault{Kind: providertest.Hang}},
		"delay":   {fault: providertest.Fault{Kind: providertest.BadRequest, Delay: time.Hour}},
		"trickle": {fault: providertest.Fault{Kind: providertest.Trickle, Delay: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := providertest.Start(providertest.Options{Models: map[string]int{model: 8}, Latency: o.latency})
			require.NoError(t, err)
			if o.fault.Kind != "" {
				s.Add(o.fault)
			}
			ended := make(chan error, 1)
			go func() {
				res, err := http.Post(s.URL()+"/embeddings", "application/json", strings.NewReader(`{"model":"`+model+`","input":"text"}`))
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
				}
				ended <- err
			}()
			require.Eventually(t, func() bool { return len(s.Requests()) == 1 }, 10*time.Second, time.Millisecond)
			require.NoError(t, s.Close())
			require.Error(t, <-ended)
			require.NoError(t, s.Close(), "again")
		})
	}
}

func TestAClientThatLeavesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := start(t, providertest.Options{})
	s.Add(providertest.Fault{Nth: 1, Kind: providertest.Hang})
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+"/embeddings", http.NoBody)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(req)
		ended <- err
	}()
	require.Eventually(t, func() bool { return s.Struck() == 1 }, 10*time.Second, time.Millisecond)
	leave()
	require.ErrorIs(t, <-ended, context.Canceled)
	ask(t, s, "float", "x").list(t)
}

// A server that went down is back where it was. Not parallel: the others take
// free ports.
func TestAddr(t *testing.T) {
	o := providertest.Options{Models: map[string]int{model: 8}}
	down, err := providertest.Start(o)
	require.NoError(t, err)
	require.NoError(t, down.Close())
	body := request(t, map[string]any{"model": model, "input": "x"})
	_, err = do(t, trusting(t, down), down.URL()+"/embeddings", nil, body)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)

	o.Addr = down.Addr()
	back := start(t, o)
	require.Equal(t, down.URL(), back.URL())
	require.Len(t, post(t, back, body).list(t).Data, 1)
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	models := map[string]int{"m": 8}
	for name, o := range map[string]providertest.Options{
		"no models":         {},
		"no name":           {Models: map[string]int{"": 8}},
		"no dimensions":     {Models: map[string]int{"m": 0}},
		"many dimensions":   {Models: map[string]int{"m": 1 << 20}},
		"a foreign dialect": {Models: models, Dialect: 99},
		"negative latency":  {Models: models, Latency: -1},
		"a negative limit":  {Models: models, RPM: -1},
		"every interface":   {Models: models, Addr: "0.0.0.0:0"},
		"no port":           {Models: models, Addr: "127.0.0.1"},
	} {
		_, err := providertest.Start(o)
		require.Error(t, err, name)
	}
}
