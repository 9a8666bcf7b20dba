package hashing_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends/embedders/hashing"
)

// Vectors of one fingerprint must be the same for ever and on every machine:
// whoever changes a value here makes stored vectors lie about their model, and
// has to give the driver's models another fingerprint.
func TestGoldenVectors(t *testing.T) {
	t.Parallel()
	require.Equal(t, []float32{
		-0.14716925, -0.5694318, -0.32830063, 0.060565807, -0.048679058, -0.5694318, -0.44886622, -0.12056558,
	}, embed(t, embedder(t, model(8), hashing.Config{}), "Do sends an HTTP request.")[0])

	texts := []string{
		"func (c *Client) Do(req *Request) (*Response, error)\n\nDo sends an HTTP request and returns an HTTP response.",
		"The quick brown foxes aren't jumping over the lazy dogs, the lazy dogs, the dogs.",
		"what is it",
		"Größe und ÄNDERUNG, Ελληνικά, русский текст",
		"東京は日本の首都です",
		"SHA256 base64 IPv4 URLs HTTPServer parseHTTPHeader x_y_z 3.14",
	}
	for dimensions, want := range map[int]string{
		256:  "3c620ca74d937e0431750becdb441295",
		1024: "ecfe1796902d0b50df59810f2e1d8ea0",
	} {
		h := sha256.New()
		for _, v := range embed(t, embedder(t, model(dimensions), hashing.Config{}), texts...) {
			for _, x := range v {
				h.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(x)))
			}
		}
		require.Equal(t, want, hex.EncodeToString(h.Sum(nil)[:16]), "%d dimensions", dimensions)
	}
}
