package escalation

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestAStormBeginsTellsAndEnds(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	s := storm{}
	for _, c := range []struct {
		open, minute    int
		by              uint64
		storm, to, high bool
	}{
		{10, 0, 1, false, false, false}, // not above the limit
		{11, 1, 2, true, true, true},
		{11, 1, 2, true, true, true}, // delivered again
		{12, 2, 3, true, false, false},
		{9, 5, 4, true, false, false}, // fewer, and still a storm
		{9, 11, 5, true, true, false}, // the next digest; the tier above was told
		{5, 12, 6, false, false, false},
		{11, 13, 7, true, true, true}, // another storm
	} {
		next, to, high := s.next(c.open, 10, at(c.minute), 10*time.Minute, c.by)
		if next.Since.IsZero() == c.storm || to != c.to || high != c.high {
			t.Errorf("%+v led to %+v, told %t, above %t", c, next, to, high)
		}
		s = next
	}
}

// Forty requests of one group are due for a reminder; two escalators tell the group once, and the tier above once.
func TestAStormIsOneDigest(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const n = 40
	path := []approval.Tier{{Group: "tier-0", Wait: time.Hour, RemindEvery: time.Second}, {Group: "tier-1", Wait: time.Hour}}
	for i := range n {
		r.create(t, fmt.Sprint("r-", i), path, nil)
	}
	cfg := Config{Storm: 30, StormEvery: time.Hour}
	first := r.start(t, cfg)
	r.start(t, cfg)
	for i := range n {
		s, err := r.store.Load(t.Context(), fmt.Sprint("r-", i))
		if err != nil {
			t.Fatal(err)
		}
		r.tell(t, s, approval.Requested(s))
		if i == n/2 {
			if err := first.Stop(); err != nil {
				t.Fatal(err)
			}
		}
	}
	streamtest.Eventually(t, "all were due", func() error {
		for i := range n {
			s, err := r.store.Load(t.Context(), fmt.Sprint("r-", i))
			if err != nil || s.Reminders == 0 {
				return errors.Join(err, fmt.Errorf("%s is not reminded", s.Request))
			}
		}
		return nil
	})
	r.quiet(t)
	if err := r.has("EVENTS", "wl.storms.>", map[string]uint64{"wl.storms.tier-0.tier-0": 1, "wl.storms.tier-1.tier-0": 1}); err != nil {
		t.Error(err)
	}
	if err := r.has("EVENTS", "wl.approvals.*.reminded.>", nil); err != nil {
		t.Error(err)
	}
	m, err := r.JS.Stream(t.Context(), "WL_EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := m.GetLastMsgForSubject(t.Context(), "wl.storms.tier-1.tier-0")
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.Decode(raw.Header, raw.Data)
	if err != nil {
		t.Fatal(err)
	}
	if report, err := events.As[events.StormReported](e); err != nil || report.Open != n || len(report.Next) != events.MaxStormRequests {
		t.Errorf("reported %+v, %v", report, err)
	}
	r.noDeadLetters(t)
}
