package backends

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// stampVersion is the version of the algorithms below. Changing what they
// return re-embeds the world, and is a breaking change.
const stampVersion = "r1"

// Stamp says what a stored vector was made from, and by which model. It is
// written with the vector, in one step, and is the only thing sync trusts.
type Stamp struct {
	Content     string // ContentHash of the text
	Fingerprint string // Model.Fingerprint of the maker
	Payload     string // PayloadHash, only where the generation copies payloads
}

// NewStamp returns the stamp that the item's vector has to carry.
func NewStamp(item Item, fingerprint string, copiesPayload bool) Stamp {
	s := Stamp{Content: ContentHash(item.Text), Fingerprint: fingerprint}
	if copiesPayload {
		s.Payload = PayloadHash(item.Payload)
	}
	return s
}

// SameVector reports whether two stamps ask for the same vector; their payloads may differ.
func (s Stamp) SameVector(o Stamp) bool {
	return s.Content == o.Content && s.Fingerprint == o.Fingerprint
}

// String is the stored form: "r1:<fingerprint>:<content>", and ":<payload>"
// behind it where the payload is copied. The zero Stamp is "".
func (s Stamp) String() string {
	if s == (Stamp{}) {
		return ""
	}
	out := stampVersion + ":" + s.Fingerprint + ":" + s.Content
	if s.Payload != "" {
		out += ":" + s.Payload
	}
	return out
}

// ParseStamp reads the stored form. An empty or foreign string is an
// ErrInvalidInput: whoever reads a generation takes such a record as stale.
func ParseStamp(stored string) (Stamp, error) {
	parts := strings.Split(stored, ":")
	if len(parts) < 3 || len(parts) > 4 || parts[0] != stampVersion || parts[1] == "" || parts[2] == "" {
		return Stamp{}, fmt.Errorf("%w: not a stamp of version %s", ErrInvalidInput, stampVersion)
	}
	s := Stamp{Fingerprint: parts[1], Content: parts[2]}
	if len(parts) == 4 {
		if parts[3] == "" {
			return Stamp{}, fmt.Errorf("%w: stamp with an empty payload hash", ErrInvalidInput)
		}
		s.Payload = parts[3]
	}
	return s, nil
}

// ContentHash is the first 128 bits of the SHA-256 of the text's bytes, in
// lower-case hexadecimal: left(encode(sha256(text), 'hex'), 32) in SQL.
func ContentHash(text string) string {
	// A short text is hashed from the stack: its copy need not be collected.
	var short [1024]byte
	bytes := short[:0]
	if len(text) > len(short) {
		bytes = make([]byte, 0, len(text))
	}
	sum := sha256.Sum256(append(bytes, text...))
	return hex.EncodeToString(sum[:16])
}

// PayloadHash is the first 128 bits of the SHA-256 of the payload's bytes, in
// lower-case hexadecimal. It is never empty, also for a nil payload.
func PayloadHash(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:16])
}
