package approval

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestOpenRefusesWhatWouldBeAnOpenDoor(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*events.Card, *Rules, *[]ItemOrigin){
		"require":                  func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Require = nil },
		"otherwise":                func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Otherwise = events.Approved },
		"tiers":                    func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Tiers = nil },
		"tiers[1].wait":            func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Tiers[1].Wait = 0 },
		"tiers[0].group":           func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Tiers[0].Group = "*" },
		"tiers[0].remindEvery":     func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Tiers[0].RemindEvery = -1 },
		"tiers[0].reminders":       func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Tiers[0].Reminders = MaxReminders + 1 },
		"repeat":                   func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Repeat = MaxRepeat + 1 },
		"stop":                     func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Stop = -1 },
		"hold":                     func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Hold = -1 },
		"channels[0]":              func(_ *events.Card, r *Rules, _ *[]ItemOrigin) { r.Channels = []string{""} },
		"request":                  func(c *events.Card, _ *Rules, _ *[]ItemOrigin) { c.Request = "a.b" },
		"items":                    func(_ *events.Card, _ *Rules, o *[]ItemOrigin) { *o = (*o)[:1] },
		"items[1].argumentsDigest": func(c *events.Card, _ *Rules, _ *[]ItemOrigin) { c.Items[1].ArgumentsDigest = "" },
		"items[1].action":          func(c *events.Card, _ *Rules, _ *[]ItemOrigin) { c.Items[1] = c.Items[0] },
	} {
		c, origins := card(2)
		rules := twoTiers(1)
		spoil(&c, &rules, &origins)
		_, effects, err := Open(c, rules, origins, Duty{}, noon)
		var fe *events.FieldError
		if !errors.As(err, &fe) || fe.Field != field || len(effects) != 0 {
			t.Errorf("%s: got %v", field, err)
		}
	}
	for _, otherwise := range []events.Outcome{"", events.Denied, events.Withdrawn, "maybe"} {
		rules := twoTiers(1)
		rules.Otherwise = otherwise
		if rules.Validate() == nil {
			t.Errorf("otherwise %q was accepted", otherwise)
		}
	}
}

func TestOpenFreezesTheCard(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 2, twoTiers(2))
	c := s.ReadCard()
	if c.Quorum != 2 || c.Group != "finance" || c.Otherwise != events.Expired || !c.EndsAt.Equal(noon.Add(15*time.Minute)) || c.Items[1].Number != 2 {
		t.Errorf("card is %+v", c)
	}
	var back State
	if err := json.Unmarshal([]byte(asJSON(t, s)), &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, s) {
		t.Errorf("came back as %+v\nwas %+v", back, s)
	}
	requested := Requested(back)[0].(Announce).Payload.(*events.ApprovalRequested)
	if shown, err := requested.ReadCard(); err != nil || !reflect.DeepEqual(shown, c) {
		t.Errorf("announced card is %+v, %v", shown, err)
	}
}

func TestATamperedStateIsNotRead(t *testing.T) {
	t.Parallel()
	good := asJSON(t, mustOpen(t, 2, twoTiers(1)))
	for _, change := range [][2]string{
		{`"tool":"pay"`, `"tool":"pat"`},
		{`"group":"finance","count":1`, `"group":"finance","count":0`},
		{`"tier":0`, `"tier":7`},
		{`"tier":0`, `"tier":1`},
		{`"items":[{"replyTo"`, `"items":[{},{"replyTo"`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		var s State
		if bad == good || json.Unmarshal([]byte(bad), &s) == nil {
			t.Errorf("%s was read", change[1])
		}
	}
}

func TestADeadlineShortensTheRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deadline time.Duration
		ends     time.Duration
		first    time.Duration // when the first tier ends
		last     int
	}{
		"in the first tier":  {3 * time.Minute, 3 * time.Minute, 2 * time.Minute, 1},
		"in the second tier": {12 * time.Minute, 12 * time.Minute, 8 * time.Minute, 1},
		"after the path":     {time.Hour, 15 * time.Minute, 10 * time.Minute, 1},
		"in the past":        {-time.Minute, 0, 0, 0},
	} {
		crd, origins := card(2)
		deadline := noon.Add(c.deadline)
		crd.Items[1].Deadline = &deadline
		s, _, err := Open(crd, twoTiers(1), origins, Duty{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		if !s.EndsAt.Equal(noon.Add(c.ends)) {
			t.Errorf("%s: ends at %s", name, s.EndsAt)
		}
		if !s.Due().Equal(noon.Add(c.first)) {
			t.Errorf("%s: the first tier ends at %s", name, s.Due())
		}
		for tier := range c.last {
			s, _ = Next(s, tierEnds(tier), noon)
		}
		if arm := Timers(s)[0].(Arm); !arm.At.Equal(s.EndsAt) || arm.Tier != c.last {
			t.Errorf("%s: armed %+v", name, arm)
		}
		if s, _ = Next(s, tierEnds(c.last), noon); s.Resolved == nil {
			t.Errorf("%s: not resolved at its end", name)
		}
	}
}

func TestFiftyItemsStaySmall(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 50, twoTiers(3))
	fresh := len(asJSON(t, s))
	long := strings.Repeat("x", events.MaxCommentLength)
	for q, who := range []string{"alice", "bob", "dave", "alice", "bob", "dave"} {
		v := says(s, uint64(q+1), who, events.Approve)
		v.Cast.Comment = long
		if q > 2 {
			v = says(s, uint64(q+1), who, events.Reject)
			v.Cast.Comment = long
		}
		s, _ = Next(s, v, noon)
	}
	full := len(asJSON(t, s))
	t.Logf("fresh %d bytes, resolved with three long comments %d bytes, card %d bytes", fresh, full, len(s.Card))
	if fresh > 48<<10 || full > 80<<10 {
		t.Errorf("a state has %d bytes when fresh and %d when resolved", fresh, full)
	}
}

// Changing one's mind for ever must not grow the state.
func TestUndecidedApproversDoNotGrowTheState(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, 3, twoTiers(2))
	for q := range uint64(1000) {
		s, _ = Next(s, says(s, 2*q+1, "alice", events.Approve), noon)
		s, _ = Next(s, says(s, 2*q+2, "carol", events.Approve), noon)
		s, _ = Next(s, says(s, 3*q+2, "eve", events.Approve), noon)
	}
	if len(s.Verdicts) != 1 || len(s.TooEarly) != 1 || len(s.Items[0].Votes) != 1 {
		t.Errorf("kept %d verdicts, %d refusals, %d votes", len(s.Verdicts), len(s.TooEarly), len(s.Items[0].Votes))
	}
}
