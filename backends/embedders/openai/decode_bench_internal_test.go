package openai

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// answerOf spells an answer of n vectors.
func answerOf(n, dimensions int, encoding Encoding) []byte {
	var b strings.Builder
	b.WriteString(`{"object":"list","data":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		var packed []byte
		var numbers []string
		for j := range dimensions {
			x := float32(math.Sin(float64(i*dimensions+j))) / 39
			packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(x))
			numbers = append(numbers, strconv.FormatFloat(float64(x), 'g', -1, 32))
		}
		spelled := "[" + strings.Join(numbers, ",") + "]"
		if encoding == Base64 {
			spelled = `"` + base64.StdEncoding.EncodeToString(packed) + `"`
		}
		fmt.Fprintf(&b, `{"object":"embedding","index":%d,"embedding":%s}`, i, spelled)
	}
	b.WriteString(`],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}`)
	return []byte(b.String())
}

func BenchmarkDecode(b *testing.B) {
	m := backends.Model{Name: "m", Dimensions: 1536}
	for _, encoding := range []Encoding{Base64, Float} {
		body := answerOf(100, m.Dimensions, encoding)
		b.Run(string(encoding), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				_, err := decode(body, 100, m, origin{})
				require.NoError(b, err)
			}
		})
	}
}
