package sink

import (
	"testing"
)

func TestEveryEventIsStoredOnce(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, over address) {
		w := newWorld(t, nil, over)
		s := w.start()
		w.fill(0, 100)
		w.caughtUp()
		if err := s.Ready(); err != nil {
			t.Error(err)
		}
		s.stop()
		w.exactly(100)
		w.start()
		w.fill(100, 30)
		w.caughtUp()
		w.exactly(130)
	})
}
