package rig

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/embedders/hashing"
	"github.com/reembed/reembed/cmd/bench/texts"
	"github.com/reembed/reembed/starter"
)

// Crash is what a killed worker cost.
type Crash struct {
	Rows     int64         // committed when it was killed
	InFlight int64         // items that the embedder was sent, and no row had
	Back     time.Duration // from the start of the next worker to the next row
	Twice    int64         // items that were sent to the embedder again
}

// Crash starts a job, kills the worker when a quarter is copied, and starts
// another at once. The place's embedder has to keep a tally in its folder.
func (p *Place) Crash(ctx context.Context) (c Crash, err error) {
	watch, err := p.Watch(Namespace)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, watch.Close()) }()
	first, err := p.Hire()
	if err != nil {
		return c, err
	}
	if err := first.Ready(ctx); err != nil {
		return c, errors.Join(err, first.Kill())
	}
	h, planned, err := p.untilQuarter(ctx, watch)
	if err := errors.Join(err, first.Kill()); err != nil {
		return c, err
	}
	if c.Rows, err = watch.Last(ctx); err != nil {
		return c, err
	}
	sent, _, err := p.tallied(planned)
	if err != nil {
		return c, err
	}
	c.InFlight = sent - c.Rows

	begun := time.Now()
	second, err := p.Hire()
	if err != nil {
		return c, err
	}
	at, _, err := watch.Beyond(ctx, c.Rows)
	if err == nil {
		c.Back = at.Sub(begun)
		_, err = p.Finish(ctx, h)
	}
	_, derr := second.Dismiss()
	if err := errors.Join(err, derr); err != nil {
		return c, err
	}
	if _, err := p.Digest(ctx); err != nil { // all is there
		return c, err
	}
	if sent, c.Twice, err = p.tallied(planned); err == nil && sent < int64(p.items) {
		err = fmt.Errorf("the tally has %d of %d items", sent, p.items)
	}
	return c, err
}

// untilQuarter starts a job and returns when a quarter is copied. planned is how
// many texts had been embedded before the copy began.
func (p *Place) untilQuarter(ctx context.Context, watch *Watch) (h starter.Handle, planned int, err error) {
	if h, err = p.Start(ctx, Namespace); err != nil {
		return h, 0, err
	}
	if err := watch.There(ctx); err != nil {
		return h, 0, err
	}
	lines, err := hashing.ReadTally(p.file("tally"))
	if err != nil {
		return h, 0, err
	}
	_, _, err = watch.Beyond(ctx, int64(p.items/4))
	return h, len(lines), err
}

// tallied says how many different items the embedder was sent since the copy
// began, and how many it was sent more than once before it had been sent all:
// what comes later is the sample that verification embeds again.
func (p *Place) tallied(planned int) (items, twice int64, err error) {
	lines, err := hashing.ReadTally(p.file("tally"))
	if err != nil {
		return 0, 0, err
	}
	left := make(map[string]int, p.items)
	for n := range p.items {
		left[backends.ContentHash(texts.Item(n).Text)] = 0
	}
	for _, l := range lines[planned:] {
		times, ours := left[l.Content]
		if !ours || l.Purpose != backends.Document || items == int64(p.items) {
			continue
		}
		left[l.Content] = times + 1
		if times == 0 {
			items++
		} else {
			twice++
		}
	}
	return items, twice, nil
}
