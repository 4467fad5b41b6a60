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

// A child that has ended takes nothing away from what was used.
func TestUsedSince(t *testing.T) {
	t.Parallel()
	before := used{10, map[int]time.Duration{1: 5, 2: 100, 3: 7}}
	after := used{14, map[int]time.Duration{1: 8, 3: 2, 4: 6}} // 3 is another process by now
	if got := after.since(before); got != 4+3+6 {
		t.Errorf("got %d", got)
	}
}
