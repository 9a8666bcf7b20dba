package backends

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// Metric is how vectors of a model are compared.
type Metric string

// The metrics. Scores are always higher for nearer vectors: the cosine
// similarity, the inner product, the negative Euclidean distance.
const (
	Cosine    Metric = "cosine"
	Dot       Metric = "dot"
	Euclidean Metric = "euclidean"
)

// MaxDimensions bounds a vector's length.
const MaxDimensions = 65536

// Model is a catalog entry, resolved: one way to turn a text into a vector.
type Model struct {
	Name          string `json:"name"`           // the catalog's name
	Driver        string `json:"driver"`         // the embedder's driver
	ProviderModel string `json:"provider_model"` // what the provider calls it; Name where the catalog is silent
	Dimensions    int    `json:"dimensions"`
	Metric        Metric `json:"metric"`
	// Normalized declares that every vector has unit length; it is checked.
	Normalized bool `json:"normalized,omitempty"`
	// DocumentPrefix and QueryPrefix are put before a text, as models of the E5 family ask.
	DocumentPrefix string `json:"document_prefix,omitempty"`
	QueryPrefix    string `json:"query_prefix,omitempty"`
	// Revision tells apart models that a provider serves under one name.
	Revision              string  `json:"revision,omitempty"`
	MaxInputTokens        int     `json:"max_input_tokens,omitempty"` // 0: the provider's own limit
	PricePerMillionTokens float64 `json:"price_per_million_tokens,omitempty"`
}

// Fingerprint is a short hash (64 bits, hexadecimal) of all in a model that
// changes the vectors of documents; defaults are left out, so that a key added
// later changes no fingerprint. Name, price, limits, metric and the prefix of
// queries change no stored vector and are not part of it.
func (m Model) Fingerprint() string {
	h := sha256.New()
	for _, kv := range [][2]string{
		{"driver", m.Driver},
		{"provider_model", cmp.Or(m.ProviderModel, m.Name)},
		{"dimensions", strconv.Itoa(m.Dimensions)},
		{"normalized", strconv.FormatBool(m.Normalized)},
		{"document_prefix", m.DocumentPrefix},
		{"revision", m.Revision},
	} {
		if kv[1] == "" || kv[1] == "false" {
			continue
		}
		fmt.Fprintf(h, "%s=%d:%s\n", kv[0], len(kv[1]), kv[1])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
