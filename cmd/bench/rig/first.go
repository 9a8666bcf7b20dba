package rig

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// FirstRows runs jobs one after the other with one worker, and says how long
// each took from the call that started it to its first committed row. A job
// before them, which is not counted, warms the worker up.
func (r *Rig) FirstRows(ctx context.Context, items, jobs int) (took []time.Duration, err error) {
	var more []string
	for n := range jobs {
		more = append(more, fmt.Sprintf("%s-%d", Namespace, n+1))
	}
	p, err := r.Place(ctx, items, Hashing(), more...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Remove()) }()
	w, err := p.Hire()
	if err != nil {
		return nil, err
	}
	defer func() {
		_, derr := w.Dismiss()
		err = errors.Join(err, derr)
	}()
	if err := w.Ready(ctx); err != nil {
		return nil, err
	}
	if _, err := p.firstRow(ctx, Namespace); err != nil {
		return nil, err
	}
	for _, ns := range more {
		d, err := p.firstRow(ctx, ns)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	return took, nil
}

func (p *Place) firstRow(ctx context.Context, namespace string) (took time.Duration, err error) {
	watch, err := p.Watch(namespace)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, watch.Close()) }()
	begun := time.Now()
	h, err := p.Start(ctx, namespace)
	if err != nil {
		return 0, err
	}
	at, _, err := watch.Beyond(ctx, 0)
	if err != nil {
		return 0, err
	}
	_, err = p.Finish(ctx, h)
	return at.Sub(begun), err
}
