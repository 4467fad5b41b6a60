package routes

import (
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestWindowGrowsWithTheLoad(t *testing.T) {
	t.Parallel()
	w := Window{First: 2 * time.Second, Max: 20 * time.Second}
	for _, c := range []struct {
		lately, open int
		want         time.Duration
	}{
		{0, 0, 2 * time.Second}, {1, 0, 2 * time.Second}, {31, 0, 11 * time.Second}, {61, 0, 20 * time.Second}, {1000, 1000, 20 * time.Second},
		{1, 10, 11 * time.Second}, {31, 5, 11 * time.Second}, {1, 20, 20 * time.Second},
	} {
		if got := w.For(c.lately, c.open); got != c.want {
			t.Errorf("%d lately and %d open: %s, want %s", c.lately, c.open, got, c.want)
		}
	}
	for _, fixed := range []Window{{}, {First: time.Second, Max: time.Second}, {Max: time.Minute}} {
		if got := fixed.For(1000, 1000); got != fixed.First {
			t.Errorf("%s becomes %s", fixed, got)
		}
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 13, 59, 59, 0, time.FixedZone("east", 3600))
	near, far := at.Add(10*time.Minute+500*time.Millisecond), at.Add(time.Hour)
	for _, c := range []struct {
		name     string
		delivery Delivery
		score    int
		deadline *time.Time
		want     time.Time
	}{
		{"now", Now, 50, nil, at},
		{"hourly", Hourly, 50, nil, time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC)},
		{"daily", Daily, 50, nil, time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)},
		{"urgent by score", Daily, 90, nil, time.Time{}},
		{"urgent before the hour", Hourly, 50, &near, near.Add(-10 * time.Minute)},
		{"urgent before the day", Daily, 50, &far, far.Add(-10 * time.Minute)},
		{"not urgent before the hour", Hourly, 50, &far, time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC)},
	} {
		r := Route{Delivery: c.delivery, Urgent: Urgent{Score: 90, Deadline: 10 * time.Minute}}
		if got := r.ReleaseAt(at, &events.ActionAssessed{Score: c.score, Deadline: c.deadline}); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSimilarityIsWhatTheRouteSays(t *testing.T) {
	t.Parallel()
	a := &events.ActionAssessed{ActionRef: events.ActionRef{Agent: "billing", Action: "a"}, Tool: "pay", Score: 70, Target: &events.Target{Kind: "account", Name: "acme"}}
	other := *a
	other.Action, other.Tool, other.Target = "b", "refund", &events.Target{Kind: "account", Name: "other"}
	for text, alike := range map[string]bool{
		"similar: [target.kind]": true, "similar: [target.name]": false, "similar: [tool]": false, "similar: [agent, target.kind]": true,
		`similar: agent + "/" + target.kind`: true, "similar: agent + tool": false,
		"similar: tool.first": false, // is not known here, so each is alone
	} {
		r := mustParse(t, strings.Replace(good, "window: 1s", text, 1))
		route := r.All()[1]
		if got := route.Key(Action{Assessed: a}) == route.Key(Action{Assessed: &other}); got != alike {
			t.Errorf("%s: %t", text, got)
		}
	}
}
