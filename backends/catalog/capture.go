package catalog

import (
	"context"
	"fmt"

	"github.com/reembed/reembed/backends"
)

// CaptureRemark tells people how changes of a source are noticed.
func CaptureRemark(source backends.Source) string {
	c, ok := backends.As[backends.Capture](source)
	if !ok {
		return "changes are found by full passes: name capture for cheaper catch-up"
	}
	traits := c.CaptureTraits()
	if !traits.Deletes {
		return fmt.Sprintf("changes are noticed by %s, and deletes by passes over the stamps", traits.Kind)
	}
	return fmt.Sprintf("changes are noticed by %s, deletes among them", traits.Kind)
}

// checkable is a capture that can tell beforehand whether it will work. What is
// allowed and rarely meant is the note.
type checkable interface {
	CheckCapture(ctx context.Context) (note string, err error)
}

// capture says how changes are noticed, and asks whether they can be.
func (c *check) capture(ctx context.Context, ns Namespace, source backends.Source) {
	key := "namespaces." + ns.Name + ".source"
	c.add(key, Note, CaptureRemark(source), nil)
	able, ok := backends.As[checkable](source)
	if !ok {
		return
	}
	note, err := able.CheckCapture(ctx)
	switch {
	case err != nil:
		c.add(key, Bad, err.Error(), err)
	case note != "":
		c.add(key, Note, note, nil)
	}
}
