package records

import (
	"context"
	"fmt"
	"strings"

	"github.com/reembed/reembed/backends"
)

// fingerprints are those that keys of a kind begin with, each once: one look at
// the registry for each.
func fingerprints(ctx context.Context, reg backends.Registry, kind string) ([]string, error) {
	var found []string
	for after := ""; ; {
		entries, err := reg.List(ctx, kind, "", after, 1)
		if err != nil {
			return nil, fmt.Errorf("list %s records: %w", kind, err)
		}
		if len(entries) == 0 {
			return found, nil
		}
		fingerprint, _, ours := strings.Cut(entries[0].Key, "/")
		if !ours {
			after = entries[0].Key
			continue
		}
		found = append(found, fingerprint)
		after = fingerprint + "0" // the byte behind '/': no key of the fingerprint is greater
	}
}
