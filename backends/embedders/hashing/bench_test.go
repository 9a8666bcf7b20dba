package hashing_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
)

// BenchmarkEmbed has texts of about 40 words; texts/s is of one core.
func BenchmarkEmbed(b *testing.B) {
	const texts = 256
	batch := make([]string, texts)
	for i := range batch {
		batch[i] = fmt.Sprintf("func Read%d(name string) ([]byte, error)\n\nRead%d reads the named file and returns "+
			"the contents. A successful call returns no error at the end of the file, as it reads all of item %d, "+
			"and treats an end of file as nothing to be reported.", i, i, i*7)
	}
	for _, dimensions := range []int{256, 1024} {
		b.Run(fmt.Sprint(dimensions), func(b *testing.B) {
			e, err := hashing.New(model(dimensions), hashing.Config{})
			require.NoError(b, err)
			n := 0
			for b.Loop() {
				_, err := e.Embed(b.Context(), backends.Document, batch)
				require.NoError(b, err)
				n += texts
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}
