package records_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reembed/reembed/backends"
	"github.com/reembed/reembed/backends/faulty"
	"github.com/reembed/reembed/backends/records"
)

func TestWaivers(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	w := records.Waiver{ID: "b/c", Content: "c1", Reason: "empty on purpose", By: "ann", At: at}
	require.NoError(t, records.PutWaiver(ctx, reg, "a", "f", w))
	require.NoError(t, records.PutWaiver(ctx, reg, "a/b", "f", records.Waiver{ID: "c"}))
	require.NoError(t, records.PutWaiver(ctx, reg, "a", "f2", records.Waiver{ID: "x"}))
	got, err := records.Waivers(ctx, reg, "a", "f")
	require.NoError(t, err)
	require.Equal(t, map[string]records.Waiver{"b/c": w}, got)

	require.True(t, w.Waives(records.Quarantined{ID: "b/c", Content: "c1"}))
	require.False(t, w.Waives(records.Quarantined{ID: "b/c", Content: "c2"}), "the text has changed")
	require.False(t, records.Waiver{}.Waives(records.Quarantined{ID: "b/c", Content: "c1"}))

	// It outlives the refusal.
	require.NoError(t, records.PutQuarantined(ctx, reg, "a", "f", records.Quarantined{ID: "b/c", Content: "c1"}))
	require.NoError(t, records.DeleteQuarantined(ctx, reg, "a", "f", "b/c"))
	got, err = records.Waivers(ctx, reg, "a", "f")
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.NoError(t, records.ForgetQuarantine(ctx, reg, "a", "f"))
	got, err = records.Waivers(ctx, reg, "a", "f")
	require.NoError(t, err)
	require.Empty(t, got)
	left, err := records.Waivers(ctx, reg, "a/b", "f")
	require.NoError(t, err)
	require.Len(t, left, 1, "another namespace's stay")
}

// Fingerprints are found without reading all records: also where one is the
// beginning of another, and where a key is none of ours.
func TestFingerprintsOfRecords(t *testing.T) {
	t.Parallel()
	reg, ctx := registry(t), t.Context()
	for _, id := range []string{"1", "2"} {
		require.NoError(t, records.PutQuarantined(ctx, reg, "a", "ab", records.Quarantined{ID: id}))
	}
	require.NoError(t, records.PutQuarantined(ctx, reg, "a", "ab0", records.Quarantined{ID: "1"}))
	require.NoError(t, records.PutQuarantined(ctx, reg, "b", "cd", records.Quarantined{ID: "1"}))
	require.NoError(t, records.PutWaiver(ctx, reg, "a", "ef", records.Waiver{ID: "1"}))
	for _, key := range []string{"spoiled", "ab/1", "ab0/2", "cd/1"} {
		_, err := reg.Put(ctx, "canary", key, 0, []byte("{}"))
		require.NoError(t, err)
	}
	found, err := records.QuarantineFingerprints(ctx, reg, "a")
	require.NoError(t, err)
	require.Equal(t, []string{"ab", "ab0", "ef"}, found)
	found, err = records.CanaryFingerprints(ctx, reg)
	require.NoError(t, err)
	require.Equal(t, []string{"ab", "ab0", "cd"}, found)
	require.NoError(t, records.DeleteCanaries(ctx, reg, "ab"))
	require.NoError(t, records.DeleteCanaries(ctx, reg, "ab"), "none is no error")
	found, err = records.CanaryFingerprints(ctx, reg)
	require.NoError(t, err)
	require.Equal(t, []string{"ab0", "cd"}, found)
}

func TestWaiversTellOfAFailedRegistry(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(context.Context, backends.Registry) error{
		"put waiver": func(ctx context.Context, r backends.Registry) error {
			return records.PutWaiver(ctx, r, "a", "f", records.Waiver{ID: "i"})
		},
		"waivers": func(ctx context.Context, r backends.Registry) error {
			_, err := records.Waivers(ctx, r, "a", "f")
			return err
		},
		"forget": func(ctx context.Context, r backends.Registry) error {
			return records.ForgetQuarantine(ctx, r, "a", "f")
		},
		"canaries": func(ctx context.Context, r backends.Registry) error { return records.DeleteCanaries(ctx, r, "f") },
		"whose canaries": func(ctx context.Context, r backends.Registry) error {
			_, err := records.CanaryFingerprints(ctx, r)
			return err
		},
		"whose quarantine": func(ctx context.Context, r backends.Registry) error {
			_, err := records.QuarantineFingerprints(ctx, r, "a")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := faulty.New(faulty.Fault{Err: backends.ErrUnavailable})
			require.ErrorIs(t, move(t.Context(), s.Registry(registry(t))), backends.ErrUnavailable)
		})
	}
}
