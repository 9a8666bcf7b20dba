package storm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// tally counts what the storm did.
type tally struct {
	searches atomic.Int64
	mu       sync.Mutex
	writes   map[string]int // by operation
	hits     map[string]int // by kind
	turns    map[string]int // of lives: switches, rollbacks ...
	looks    int            // of the verifier that found nothing wrong
	records  int            // in those
	news     []string       // since the last line
}

func newTally() *tally {
	return &tally{writes: map[string]int{}, hits: map[string]int{}, turns: map[string]int{}}
}

func (t *tally) wrote(op string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes[op]++
}

// struck counts a hit, and tells of it.
func (t *tally) struck(kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hits[kind]++
	t.news = append(t.news, kind)
}

// late counts a write to a collection that the route does not point at.
func (t *tally) late() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turns["late write"]++
}

// turned counts a turn of a set's life, and tells of it.
func (t *tally) turned(set, turn string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turns[turn]++
	t.news = append(t.news, set+": "+turn)
}

func (t *tally) verified(shot snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.looks++
	t.records += len(shot.records)
}

// tell prints a line each second.
func (s *storm) tell(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var wrote int
	var searched int64
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		t := s.tally
		searches := t.searches.Load()
		t.mu.Lock()
		writes := sum(t.writes)
		news := strings.Join(t.news, ", ")
		t.news = nil
		t.mu.Unlock()
		var doing []string
		for _, set := range s.sets {
			doing = append(doing, fmt.Sprintf("%s %s", set.name, set.doing.Load()))
		}
		s.t.Logf("%4.0fs  %s; %d writes, %d searches; %s", time.Since(s.begun).Seconds(), strings.Join(doing, ", "), writes-wrote, searches-searched, news)
		wrote, searched = writes, searches
	}
}

// totals are the last line.
func (s *storm) totals() string {
	t := s.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("storm of seed %d, %s: %d writes (%s); %d searches, none wrong; %d hits (%s); %s; %d looks at %d records, none wrong",
		s.seed, time.Since(s.begun).Round(time.Second), sum(t.writes), list(t.writes), t.searches.Load(),
		sum(t.hits), list(t.hits), list(t.turns), t.looks, t.records)
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func list(counts map[string]int) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(out, ", ")
}
