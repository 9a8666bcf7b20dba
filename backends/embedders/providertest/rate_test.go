package providertest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBucketHoldsAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBucket("requests", 60)
		for i := range 60 {
			r, ok := b.take(1, 1)
			require.True(t, ok)
			require.Equal(t, rate{unit: "requests", limit: 60, used: i, asked: 1, remaining: 59 - i, reset: time.Duration(i+1) * time.Second}, r)
		}
		r, ok := b.take(1, 1)
		require.False(t, ok)
		require.Equal(t, rate{unit: "requests", limit: 60, used: 60, asked: 1, wait: time.Second, reset: time.Minute}, r)

		time.Sleep(500 * time.Millisecond)
		r, ok = b.take(1, 1)
		require.False(t, ok)
		require.Equal(t, time.Second, r.wait, "asking too soon costs what had come in")
		time.Sleep(time.Second)
		_, ok = b.take(1, 1)
		require.True(t, ok, "who waits as long as told gets it")

		time.Sleep(time.Hour)
		r, _ = b.take(1, 1)
		require.Equal(t, 59, r.remaining, "no more than a minute's worth gathers")
	})
}

func TestBucketOfTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBucket("tokens", 6000)
		_, ok := b.take(5900, 0)
		require.True(t, ok)
		r, ok := b.take(500, 0)
		require.False(t, ok)
		require.Equal(t, 4*time.Second, r.wait)
		require.Equal(t, 100, r.remaining, "a refusal costs no tokens")
		_, ok = b.take(100, 0)
		require.True(t, ok, "less passes at once")
		time.Sleep(5 * time.Second)
		_, ok = b.take(500, 0)
		require.True(t, ok)
		time.Sleep(time.Hour)
		_, ok = b.take(6001, 0)
		require.False(t, ok, "more than a minute's worth is never there")
	})
	require.Nil(t, newBucket("tokens", 0))
}
