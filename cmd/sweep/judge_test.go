package sweep

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/reembed/reembed/backends"
)

// judge looks at one store, and remembers what its active generation was like
// when the first job began. It shares no code with sync or verification: it
// computes stamps by their documented form, and embeds each text anew.
type judge struct {
	place     *place
	namespace string
	model     string // the catalog's name of the latter
	begin     snapshot
}

func newJudge(ctx context.Context, p *place, l *lane) (*judge, error) {
	s, err := p.look(ctx)
	return &judge{place: p, namespace: l.name, model: l.model(large), begin: s}, err
}

// pointer is the route as an application in any language reads it.
type pointer struct {
	Generation  int64  `json:"generation"`
	Locator     string `json:"locator"`
	Model       string `json:"model"`
	Fingerprint string `json:"fingerprint"`
	Dimensions  int    `json:"dimensions"`
}

func (j *judge) route(s snapshot) (pointer, error) {
	var p pointer
	err := json.Unmarshal([]byte(s.entries["route/"+j.namespace].value), &p)
	return p, err
}

// now says what is wrong with the active generation at this moment: the former
// one has to be as it was, whether the route points at it or not, and the latter
// one has to be right where it does.
func (j *judge) now(ctx context.Context) error {
	s, err := j.place.look(ctx)
	if err != nil {
		return err
	}
	former := j.place.index.Locator(small)
	if !maps.Equal(s.generations[former], j.begin.generations[former]) {
		return fmt.Errorf("the former generation %s was touched", former)
	}
	r, err := j.route(s)
	if err != nil {
		return fmt.Errorf("read the route: %w", err)
	}
	switch r.Locator {
	case former:
		return j.unmoved(s)
	case j.place.index.Locator(large):
		return j.right(ctx, s, large)
	}
	return fmt.Errorf("the route points at %q", r.Locator)
}

// unmoved says whether the route is what it was, byte by byte.
func (j *judge) unmoved(s snapshot) error {
	name := "route/" + j.namespace
	if s.entries[name] != j.begin.entries[name] {
		return fmt.Errorf("the route was written: %v, before %v", s.entries[name], j.begin.entries[name])
	}
	return nil
}

// right says what is missing, extra, stale or of another model in a model's generation.
func (j *judge) right(ctx context.Context, s snapshot, m backends.Model) error {
	rows := s.generations[j.place.index.Locator(m)]
	var wrong []string
	for _, id := range slices.Sorted(maps.Keys(s.items)) {
		r, there := rows[id]
		switch {
		case slices.Contains(waived, id):
			if there {
				wrong = append(wrong, id+" has a record, and no text to have it of")
			}
		case !there:
			wrong = append(wrong, id+" is missing")
		default:
			if err := j.recordOf(ctx, m, s.items[id], r); err != nil {
				wrong = append(wrong, fmt.Sprintf("%s: %v", id, err))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		if _, there := s.items[id]; !there {
			wrong = append(wrong, id+" is extra")
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("generation %s is not right: %s", j.place.index.Locator(m), strings.Join(wrong, "; "))
	}
	return nil
}

// recordOf says what is wrong with an item's record of a model.
func (j *judge) recordOf(ctx context.Context, m backends.Model, it item, r row) error {
	want := "r1:" + m.Fingerprint() + ":" + hashOf(it.text)
	if j.place.index.Traits().CopiesPayload {
		want += ":" + hashOf(it.payload)
		if r.payload != it.payload {
			return fmt.Errorf("has the payload %q, not %q", r.payload, it.payload)
		}
	}
	if r.stamp != want {
		return fmt.Errorf("has the stamp %s, not %s", r.stamp, want)
	}
	fresh, err := fresh(ctx, m, it.text)
	if err != nil {
		return err
	}
	if c := cosine(fresh, decode(r.vector)); !(c > 1-1e-5) {
		return fmt.Errorf("has another vector: cosine %g", c)
	}
	return nil
}

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// made keeps what fresh embedded: thousands of looks ask for the same few texts.
var made sync.Map

func fresh(ctx context.Context, m backends.Model, text string) ([]float32, error) {
	key := m.Name + ": " + text
	if v, ok := made.Load(key); ok {
		return v.([]float32), nil
	}
	v, err := vectorOf(ctx, m, text)
	if err == nil {
		made.Store(key, v)
	}
	return v, err
}

func decode(raw string) []float32 {
	v := make([]float32, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32([]byte(raw[4*i : 4*i+4])))
	}
	return v
}

func cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.NaN()
	}
	var dot, na, nb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		na += float64(a[i]) * float64(a[i])
		nb += float64(b[i]) * float64(b[i])
	}
	return dot / math.Sqrt(na*nb)
}

// completed says what is wrong behind a completed job.
func (j *judge) completed(ctx context.Context) error {
	if err := j.now(ctx); err != nil {
		return err
	}
	s, err := j.place.look(ctx)
	if err != nil {
		return err
	}
	r, err := j.route(s)
	if err != nil {
		return fmt.Errorf("read the route: %w", err)
	}
	want := pointer{
		Generation: 2, Locator: j.place.index.Locator(large), Model: j.model,
		Fingerprint: large.Fingerprint(), Dimensions: large.Dimensions,
	}
	if r != want {
		return fmt.Errorf("the route is %+v, not %+v", r, want)
	}
	if got := slices.Sorted(maps.Keys(s.generations)); len(got) != 2 {
		return fmt.Errorf("there are %d generations: %v", len(got), got)
	}
	return j.records(s)
}

// records says what the registry has that it should not, or lacks. Who holds the
// lease and what became of the jobs is another matter.
func (j *judge) records(s snapshot) error {
	prefix := "quarantine/" + large.Fingerprint() + "/" + j.namespace + "/"
	want := map[string]bool{"route/" + j.namespace: true}
	for _, id := range waived {
		want[prefix+id] = true
		var q struct {
			ID, Content string
		}
		if err := json.Unmarshal([]byte(s.entries[prefix+id].value), &q); err != nil {
			return fmt.Errorf("%s is not in quarantine: %w", id, err)
		}
		if q.ID != id || q.Content != hashOf(s.items[id].text) {
			return fmt.Errorf("%s is in quarantine as %+v", id, q)
		}
	}
	canaries := 0
	for name := range s.entries {
		switch kind, _, _ := strings.Cut(name, "/"); {
		case kind == "lease" || kind == "job":
		case kind == "canary" && strings.HasPrefix(name, "canary/"+large.Fingerprint()+"/"):
			canaries++
		case !want[name]:
			return fmt.Errorf("the registry holds %s", name)
		}
	}
	if canaries != 5 {
		return fmt.Errorf("there are %d canaries", canaries)
	}
	return nil
}

// holder is the job that has the namespace, "" when it is free.
func (j *judge) holder(s snapshot) (string, error) {
	e, held := s.entries["lease/"+j.namespace]
	if !held {
		return "", nil
	}
	var l struct{ Job string }
	err := json.Unmarshal([]byte(e.value), &l)
	return l.Job, err
}

// outcome is the state that the registry keeps of a job, "" when it keeps none.
func (j *judge) outcome(s snapshot, job string) (string, error) {
	e, kept := s.entries["job/"+job]
	if !kept {
		return "", nil
	}
	var o struct{ State string }
	err := json.Unmarshal([]byte(e.value), &o)
	return o.State, err
}
