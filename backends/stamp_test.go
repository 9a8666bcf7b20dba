package backends_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
)

// TestGoldenStamps guards what is stored in every generation there is: changing
// one of these values re-embeds the world, and is a breaking change.
func TestGoldenStamps(t *testing.T) {
	t.Parallel()
	require.Equal(t, "e3b0c44298fc1c149afbf4c8996fb924", backends.ContentHash(""))
	require.Equal(t, "b94d27b9934d3e08a52e52d7da7dabfa", backends.ContentHash("hello world"))
	require.Equal(t, "e3b0c44298fc1c149afbf4c8996fb924", backends.PayloadHash(nil))
	require.Equal(t, "44136fa355b3678a1146ad16f7e8649e", backends.PayloadHash([]byte("{}")))

	item := backends.Item{ID: "a", Text: "hello world", Payload: []byte("{}")}
	require.Equal(t, "r1:fp:b94d27b9934d3e08a52e52d7da7dabfa", backends.NewStamp(item, "fp", false).String())
	require.Equal(t, "r1:fp:b94d27b9934d3e08a52e52d7da7dabfa:44136fa355b3678a1146ad16f7e8649e", backends.NewStamp(item, "fp", true).String())
	require.Empty(t, backends.Stamp{}.String())
}

func TestParseStamp(t *testing.T) {
	t.Parallel()
	for _, s := range []backends.Stamp{
		{Content: "c", Fingerprint: "f"},
		{Content: "c", Fingerprint: "f", Payload: "p"},
	} {
		got, err := backends.ParseStamp(s.String())
		require.NoError(t, err)
		require.Equal(t, s, got)
	}
	for _, foreign := range []string{"", "r1", "r1:f", "r1::c", "r1:f:", "r1:f:c:", "r1:f:c:p:x", "r2:f:c", "hello", "R1:f:c"} {
		_, err := backends.ParseStamp(foreign)
		require.ErrorIs(t, err, backends.ErrInvalidInput, foreign)
	}
}

func TestSameVector(t *testing.T) {
	t.Parallel()
	s := backends.Stamp{Content: "c", Fingerprint: "f", Payload: "p"}
	require.True(t, s.SameVector(backends.Stamp{Content: "c", Fingerprint: "f", Payload: "other"}))
	require.False(t, s.SameVector(backends.Stamp{Content: "other", Fingerprint: "f", Payload: "p"}))
	require.False(t, s.SameVector(backends.Stamp{Content: "c", Fingerprint: "other", Payload: "p"}))
}

// TestGoldenFingerprints guards the models of every generation there is.
func TestGoldenFingerprints(t *testing.T) {
	t.Parallel()
	small := backends.Model{Name: "text-embedding-3-small", Driver: "openai", Dimensions: 1536, Metric: backends.Cosine}
	full := backends.Model{
		Name: "mine", Driver: "openai", ProviderModel: "intfloat/e5-large", Dimensions: 1024, Metric: backends.Dot,
		Normalized: true, DocumentPrefix: "passage: ", QueryPrefix: "query: ", Revision: "2", MaxInputTokens: 512, PricePerMillionTokens: 1,
	}
	require.Equal(t, "a889344c20e0ddc2", small.Fingerprint())
	require.Equal(t, "6268cb65f058e894", full.Fingerprint())
}

func TestFingerprintTellsWhatChangesVectors(t *testing.T) {
	t.Parallel()
	m := backends.Model{Name: "m", Driver: "d", Dimensions: 8, Metric: backends.Cosine}
	for name, change := range map[string]func(*backends.Model){
		"driver":          func(m *backends.Model) { m.Driver = "other" },
		"provider_model":  func(m *backends.Model) { m.ProviderModel = "other" },
		"dimensions":      func(m *backends.Model) { m.Dimensions = 9 },
		"normalized":      func(m *backends.Model) { m.Normalized = true },
		"document_prefix": func(m *backends.Model) { m.DocumentPrefix = "p" },
		"revision":        func(m *backends.Model) { m.Revision = "2" },
	} {
		o := m
		change(&o)
		require.NotEqual(t, m.Fingerprint(), o.Fingerprint(), name)
	}
	for name, keep := range map[string]func(*backends.Model){
		"name where the provider's is given": func(m *backends.Model) { m.Name, m.ProviderModel = "other", "m" },
		"metric":                             func(m *backends.Model) { m.Metric = backends.Dot },
		"query_prefix":                       func(m *backends.Model) { m.QueryPrefix = "q" },
		"limits and price":                   func(m *backends.Model) { m.MaxInputTokens, m.PricePerMillionTokens = 1, 2 },
	} {
		o := m
		keep(&o)
		require.Equal(t, m.Fingerprint(), o.Fingerprint(), name)
	}
	// What is in one field can't stand for what is in two.
	a, b := m, m
	a.DocumentPrefix, a.Revision = "x\nrevision=1:y", ""
	b.DocumentPrefix, b.Revision = "x", "y"
	require.NotEqual(t, a.Fingerprint(), b.Fingerprint())
}

func TestValidateID(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", " ", "é", "a/b'\"%_", strings.Repeat("x", backends.MaxIDBytes)} {
		require.NoError(t, backends.ValidateID(good))
	}
	for _, bad := range []string{"", "secret\x00", "secret\xff", strings.Repeat("s", backends.MaxIDBytes+1)} {
		err := backends.ValidateID(bad)
		require.ErrorIs(t, err, backends.ErrInvalidInput)
		require.NotContains(t, err.Error(), "secret")
	}
}

func FuzzParseStamp(f *testing.F) {
	f.Add("r1:f:c")
	f.Add("r1:f:c:p")
	f.Fuzz(func(t *testing.T, stored string) {
		s, err := backends.ParseStamp(stored)
		if err == nil && s.String() != stored {
			t.Fatalf("%q is read as %+v, which is stored as %q", stored, s, s.String())
		}
	})
}
