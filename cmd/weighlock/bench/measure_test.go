package bench

import (
	"testing"
	"time"
)

func TestUsedIn(t *testing.T) {
	t.Parallel()
	for stat, want := range map[string]time.Duration{
		"7 (a b) c) S 1 7 7 0 -1 4194560 1 0 0 0 25 17 0 0 20 0 1 0 1 1 1": 420 * time.Millisecond,
		"7 (x) S 1": 0,
		"":          0,
	} {
		if got := usedIn(stat); got != want {
			t.Errorf("%q: %s, want %s", stat, got, want)
		}
	}
}
