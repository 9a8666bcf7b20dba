package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/activities"
	"github.com/reembed/reembed/workflows"
)

// tellAt sends the cutover update while an activity is at work: its first attempt
// of that number fails, and is tried again a second later.
func (s *stage) tellAt(at moment) *told {
	a := &told{}
	before := s.before[at.name]
	s.before[at.name] = func(n int) error {
		if n == at.n {
			s.after(500*time.Millisecond, func() {
				sent := s.tell()
				s.after(100*time.Millisecond, func() { *a = *sent })
			})
			return passing(activities.CodeUnavailable)
		}
		if before != nil {
			return before(n)
		}
		return nil
	}
	return a
}

// TestCutoverIsRefusedBeforeReady guards against a wish for later: whoever says
// that a job may switch has looked at what it found.
func TestCutoverIsRefusedBeforeReady(t *testing.T) {
	t.Parallel()
	for phase, at := range phases {
		if phase == workflows.Ready {
			continue
		}
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			s := newManual(t)
			early := s.tellAt(at)
			s.after(time.Minute, func() { s.standsBy("reembed cutover") })
			s.tellAfter(time.Minute+time.Second, "")
			status := s.play()
			require.Equal(t, workflows.Completed, status.State, status.Reason)
			require.True(t, early.done)
			require.ErrorContains(t, early.refused, "in phase "+string(phase)+": it can be told to switch when it is ready")
		})
	}
}

// TestCutoverIsRefused guards the other times at which the update means nothing.
func TestCutoverIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(*stage)
		at   moment
		told bool
		says string
	}{
		"while it switches":         {nil, moment{"Switch", 1}, true, "switches already: it is in phase switching"},
		"behind the switch":         {nil, moment{"RecordOutcome", 1}, true, "is over: it is COMPLETED"},
		"a job that waits for none": {func(s *stage) { s.job.Cutover = "" }, moment{"CheckSwitch", 1}, false, "waits for nobody"},
		"a dry run": {func(s *stage) {
			s.job.DryRun = true
		}, moment{"Plan", 1}, false, "is a dry run"},
		"a request that is not read yet": {nil, moment{"Resolve", 1}, true, "in phase queued"},
		"a job that is over": {func(s *stage) {
			s.before["Plan"] = func(int) error { return hopeless(activities.CodeUnknownModel, "no such model") }
		}, moment{"RecordOutcome", 1}, false, "is over: it is FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newManual(t)
			if c.set != nil {
				c.set(s)
			}
			refused := s.tellAt(c.at)
			if c.told {
				s.tellAfter(time.Minute, "ops")
			}
			s.play()
			require.True(t, refused.done)
			require.ErrorContains(t, refused.refused, c.says)
		})
	}
}

// TestCutoverTwice guards who says it twice, or is not sure that it was heard: the
// first word stands, also while the job works on towards the switch.
func TestCutoverTwice(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	s.job.MaxVerifyAge = 30 * time.Second
	first := s.tellAfter(time.Minute, "ops")
	second := s.tellAfter(time.Minute, "dev")
	third := s.tellAt(moment{"VerifySegment", 7}) // of the second verification
	fourth := s.tellAt(moment{"CheckSwitch", 1})
	status := s.play()
	require.Equal(t, workflows.Completed, status.State, status.Reason)
	require.Equal(t, "ops", first.order.By)
	for _, again := range []*told{second, third, fourth} {
		require.NoError(t, again.refused)
		require.Equal(t, first.order, again.order)
	}
	require.Equal(t, 1, s.called("Switch"))
}

// TestPayloadOfACutover guards the update that is written by hand.
func TestPayloadOfACutover(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload []any
		by      string
		says    string
	}{
		"none":              {nil, "", ""},
		"null":              {[]any{nil}, "", ""},
		"an empty object":   {[]any{map[string]string{}}, "", ""},
		"somebody":          {[]any{map[string]string{"by": "ops"}}, "ops", ""},
		"another field":     {[]any{map[string]string{"who": "ops"}}, "", `unknown field "who"`},
		"a word":            {[]any{"now"}, "", "payload of the update"},
		"a number for whom": {[]any{map[string]int{"by": 7}}, "", "payload of the update"},
		"a long story":      {[]any{map[string]string{"by": strings.Repeat("x", 201)}}, "", "at most 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newManual(t)
			var sent *told
			s.after(15*time.Second, func() { sent = s.tell(c.payload...) })
			s.after(25*time.Second, func() {
				if c.says != "" {
					s.standsBy("reembed cutover")
					s.tell()
				}
			})
			status := s.play()
			require.Equal(t, workflows.Completed, status.State, status.Reason)
			if c.says != "" {
				require.ErrorContains(t, sent.refused, c.says)
				return
			}
			require.NoError(t, sent.refused)
			require.Equal(t, c.by, sent.order.By)
			require.Equal(t, c.by, status.Cutover.By)
		})
	}
}

// TestCutoverOfAJobThatEnds guards against a job that says yes and then stops.
func TestCutoverOfAJobThatEnds(t *testing.T) {
	t.Parallel()
	s := newManual(t)
	var sent *told
	s.after(15*time.Second, func() {
		s.env.SignalWorkflow(workflows.SignalCancel, workflows.CancelRequest{Reason: "wrong model"})
		sent = s.tell()
	})
	status := s.play()
	require.Equal(t, workflows.Cancelled, status.State)
	require.True(t, sent.done)
	require.Error(t, sent.refused)
	require.Nil(t, status.Cutover)
}
