package providertest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Whatever is sent, each dialect answers in the form that it has, and a proper
// request gets as many vectors as it has texts.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"model":"m","input":["one","two"]}`, `{"model":"m","input":"one","encoding_format":"base64"}`, `{"input":[[1,2],[3]],"dimensions":4}`,
		`{"model":"m","input":["", " "],"encoding_format":"float"}`, `{"model":"x","input":[null]}`, `{"input":{}}`, `[]`, `{"model":`, "\xff", `{"input":[]}`,
		`{"INPUT":"one","input":"two","model":"m"}`, `{"model":"m","input":"\ud800"}`,
	} {
		f.Add([]byte(body))
	}
	var servers []*Server
	for _, d := range Dialects() {
		servers = append(servers, New(f, Options{Dialect: d, Models: map[string]int{"m": 8}, MaxInputs: 50}))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, s := range servers {
			path := "/v1/embeddings"
			if s.opts.Dialect == Azure {
				path = "/openai/deployments/m/embeddings?api-version=v"
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			require.NoError(t, s.broken)
			if w.Header().Get("Content-Type") == s.manner.contentType {
				require.True(t, json.Valid(w.Body.Bytes()), "%s: %q", s.manner.name, w.Body.Bytes())
			}
			if w.Code != http.StatusOK {
				require.GreaterOrEqual(t, w.Code, 400)
				continue
			}
			require.True(t, utf8.Valid(body))
			asked, err := parse(body)
			require.NoError(t, err)
			var got struct{ Data []json.RawMessage }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
			if s.manner.loneEmpty && len(asked.texts) == 1 && asked.texts[0] == "" {
				require.Empty(t, got.Data)
				continue
			}
			require.Len(t, got.Data, len(asked.texts), s.manner.name)
		}
	})
}
