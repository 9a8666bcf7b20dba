package providertest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/providertest"
)

// BenchmarkServer has one client and 256 texts of about 40 words a request, and
// the work of the client's side with it, but for reading the answer's numbers.
func BenchmarkServer(b *testing.B) {
	const texts = 256
	input := make([]string, texts)
	for i := range input {
		input[i] = fmt.Sprintf("func Read%d(name string) ([]byte, error)\n\nRead%d reads the named file and returns "+
			"the contents. A successful call returns no error at the end of the file, as it reads all of item %d, "+
			"and treats an end of file as nothing to be reported.", i, i, i*7)
	}
	for _, format := range []string{"base64", "float"} {
		for _, dimensions := range []int{256, 1536} {
			b.Run(fmt.Sprintf("%s %d", format, dimensions), func(b *testing.B) {
				s := providertest.New(b, providertest.Options{Models: map[string]int{"m": dimensions}, Forget: true})
				body, err := json.Marshal(map[string]any{"model": "m", "input": input, "encoding_format": format})
				require.NoError(b, err)
				n := 0
				for b.Loop() {
					res, err := http.Post(s.URL()+"/embeddings", "application/json", bytes.NewReader(body))
					require.NoError(b, err)
					_, err = io.Copy(io.Discard, res.Body)
					require.NoError(b, err)
					require.NoError(b, res.Body.Close())
					n += texts
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "texts/s")
			})
		}
	}
}
