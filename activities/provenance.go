package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/catalog"
)

const (
	// planStamps is how many stamps of a generation a plan reads: all of a smaller
	// one, else the same share of each part of the key space.
	planStamps = 200_000
	// stampParts is how many parts those are.
	stampParts = 100
	// stampPage is how many stamps are read at once.
	stampPage = 5000
)

// provenance counts the records whose stamps are not of the model that their
// generation is of, in the active generation and in the target. Nobody knows
// what those vectors were made from, and by whom: a job that found some stops
// before it begins, unless it was told to take them as stale. That is what sync
// does with them anyway; the person is to know.
func (p *planner) provenance(ctx context.Context) error {
	now, err := p.activeRoute(ctx)
	if err != nil {
		return err
	}
	if now != nil && now.Locator != p.Locator {
		if p.Active, err = p.stamps(ctx, now.Locator, now.Fingerprint); err != nil {
			return err
		}
		p.judge(p.Active, "the active generation "+now.Locator, now.Model, now.Fingerprint)
	}
	if p.Target, err = p.stamps(ctx, p.Locator, p.Fingerprint); err != nil {
		return err
	}
	p.judge(p.Target, "the target generation "+p.Locator, p.To, p.Fingerprint)
	return nil
}

// stamps looks at a generation's stamps; nil where there is none of the locator.
func (p *planner) stamps(ctx context.Context, locator, fingerprint string) (*Stamps, error) {
	g, err := p.index.Open(ctx, locator)
	if errors.Is(err, backends.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open generation %s: %w", locator, err)
	}
	found, err := lookAtStamps(ctx, g, fingerprint, planStamps)
	if err != nil {
		return nil, fmt.Errorf("stamps of generation %s: %w", locator, err)
	}
	if p.job.Source != "" { // applications write collections, and no stamps
		found.Missing = 0
	}
	return found, nil
}

// lookAtStamps reads at most about so many stamps.
func lookAtStamps(ctx context.Context, g backends.Generation, fingerprint string, most int64) (*Stamps, error) {
	var s Stamps
	var err error
	if s.Records, err = g.Count(ctx); err != nil {
		return nil, err
	}
	ranges, share := []backends.Range{{}}, int64(0)
	if s.Records > most {
		keys, err := g.Split(ctx, "", int(s.Records/stampParts), stampParts-1)
		if err != nil {
			return nil, err
		}
		ranges = rangesOf(keys)
		share = max(1, most/int64(len(ranges)))
	}
	for _, r := range ranges {
		if err := s.read(ctx, g, r, share, fingerprint); err != nil {
			return nil, err
		}
	}
	return &s, nil
}

// read looks at the stamps of a range: at the first ones up to a share, 0 at all.
func (s *Stamps) read(ctx context.Context, g backends.Generation, r backends.Range, share int64, fingerprint string) error {
	var after backends.Cursor
	for left := share; ; {
		limit := stampPage
		if share > 0 {
			limit = int(min(stampPage, left))
		}
		page, err := g.ReadStamps(ctx, r, after, backends.PageLimit{Items: limit})
		if err != nil {
			return err
		}
		for _, record := range page.Items {
			s.Looked++
			switch {
			case record.Stamp == (backends.Stamp{}):
				s.Missing++
			case record.Stamp.Fingerprint != fingerprint:
				s.Foreign++
			}
		}
		after, left = page.Next, left-int64(len(page.Items))
		if page.Done || share > 0 && left <= 0 {
			return nil
		}
	}
}

// judge says what stamps that are missing or another model's mean for the job.
func (p *planner) judge(s *Stamps, where, model, fingerprint string) {
	if s == nil || s.Missing+s.Foreign == 0 {
		return
	}
	what := fmt.Sprintf("%s: %d of %s do not carry the stamp of model %s (%d none, %d another model's)",
		where, s.Missing+s.Foreign, s.looked(), model, s.Missing, s.Foreign)
	if p.job.ForeignStamps == StampsStale {
		p.warn("%s: taken as stale", what)
		return
	}
	advice := `foreign_stamps: "stale" (--foreign-stamps stale) takes them as stale`
	if p.namespace.Writes == catalog.WritesVectors {
		advice += fmt.Sprintf(`; whoever writes vectors has to write the stamp %q with each`, backends.Stamp{Fingerprint: fingerprint, Content: "<content hash>"})
	}
	p.block("%s: %s", what, advice)
}

// looked is at how many records was looked, in words.
func (s *Stamps) looked() string {
	if s.Looked < s.Records {
		return fmt.Sprintf("%d records looked at, of %d in all,", s.Looked, s.Records)
	}
	return fmt.Sprintf("%d records", s.Looked)
}
