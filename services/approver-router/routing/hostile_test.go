package routing

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/events"
)

// An action whose headers hide what the server says of it, or say it in its place, comes before people and is given back like any other.
func TestActionsWithHostileHeaders(t *testing.T) {
	t.Parallel()
	const data = `{"breakpoint":"tool_call","tool":"drop_table","arguments":{"table":"customers"}}`
	const good = "NATS/1.0\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: /agents/billing\r\nce-type: " + events.ActionProposedType + "\r\n"
	billing := authz.Identity{Kind: authz.Agent, Name: "billing"}
	for action, header := range map[string]string{
		"hidden":   good + "\r\n\r\n",
		"garbage":  good + "Nats-Time-Stamp: yesterday\r\nNats-Sequence: x\r\n\r\n",
		"another":  good + "Nats-Stream: WL_ACTIONS\r\nNats-Subject: wl.actions.x.y\r\nNats-Sequence: 9\r\nNats-Time-Stamp: 2000-01-01T00:00:00Z\r\n\r\n\r\n",
		"spacious": strings.ReplaceAll(good, ": ", ":   ") + "\r\n",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, 1, "5m", 1)
			r.start(t)
			a := assessment("billing", action)
			a.Sequence, a.Digest = r.server.PublishBytes(t, billing, r.s.Action("billing", action), header, data), events.Digest([]byte(data))
			r.assess(t, a)
			if _, card := r.requested(t); card.Items[0].Unseen || string(card.Items[0].Arguments) != `{"table":"customers"}` {
				t.Errorf("the card shows %+v", card.Items[0])
			}
			early := "early-" + action
			r.server.PublishBytes(t, billing, r.s.Action("billing", early), header, data)
			withdrawal := strings.Replace(good, events.ActionProposedType, events.ActionWithdrawnType, 1) + "\r\n"
			r.server.PublishBytes(t, billing, r.s.Withdrawal("billing", early), withdrawal, "{}")
			if d := r.decision(t, "billing", early); d.Outcome != events.Withdrawn || d.Sequence != 2 || d.ProposedAt.Year() == 2000 {
				t.Errorf("%+v", d)
			}
		})
	}
}

// A time that RFC 3339 writes in a zone and cannot write in UTC ends an action, or a verdict, instead of being tried again for ever.
func TestTimesOutsideOfUTC(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, "5m", 1)
	r.start(t)
	early := time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 60*60))
	a := assessment("billing", "a")
	a.Deadline = &early
	r.assess(t, a)
	if d := r.decision(t, "billing", "a"); d.Outcome != events.Denied {
		t.Errorf("%+v", d)
	}
	card := r.open(t, "b")
	r.approver(t, "alice").castRaw(t, "self", card.Request, fmt.Appendf(nil, `{"digest":%q,"verdict":"approve","limits":{"validUntil":"9999-12-31T23:59:59-01:00"}}`, card.Digest))
	if refused := r.refused(t, card.Request); refused.Code != events.RefusedMalformed {
		t.Errorf("%+v", refused)
	}
	r.settled(t, "EVENTS", "approver-router-assessments")
	r.settled(t, "VERDICTS", "approver-router-verdicts")
}

// Nobody fills a request so that others cannot answer it, or it cannot end.
func TestWordsFillNoRequest(t *testing.T) {
	t.Parallel()
	const items = 30
	r := newRig(t, 1, "5m", items)
	r.start(t)
	names := make([]string, items)
	for i := range names {
		names[i] = fmt.Sprintf("a-%d", i)
	}
	card := r.open(t, names...)
	alice, words := r.approver(t, "alice"), strings.Repeat("\x01", events.MaxCommentLength) // each byte takes six in JSON
	for i := range names {
		alice.cast(t, card.Request, events.VerdictCast{
			Digest: card.Digest, Items: []events.ItemVerdict{{Number: i + 1, Verdict: events.Abstain}}, Comment: words, Guidance: words,
		})
	}
	for range names {
		alice.castAs(t, r.s.HandOver("self", "alice", card.Request), events.HandOverCastType, marshal(t, events.HandOverCast{Kind: events.Acknowledge, Comment: words}))
	}
	r.approver(t, "bob").cast(t, card.Request, events.VerdictCast{Digest: card.Digest, Verdict: events.Reject, Comment: "no"})
	for _, name := range names {
		if d := r.decision(t, "billing", name); d.Outcome != events.Rejected {
			t.Errorf("%s: %+v", name, d)
		}
	}
	r.settled(t, "VERDICTS", "approver-router-verdicts")
	if refused := r.count(t, r.s.Approval("*", events.Refused, card.Request)); refused != 2*items-1 {
		t.Errorf("%d of %d were refused", refused, 2*items)
	}
}

// What many say together leaves room for how a request ends.
func TestAFullRequestEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, "5m", 1, natstest.WithMaxPayload(64<<10))
	r.start(t)
	card := r.open(t, "a")
	words := strings.Repeat("\x01", events.MaxCommentLength)
	r.approver(t, "alice").cast(t, card.Request, events.VerdictCast{Digest: card.Digest, Verdict: events.Abstain, Comment: words})
	bob := r.approver(t, "bob")
	bob.cast(t, card.Request, events.VerdictCast{Digest: card.Digest, Verdict: events.Abstain, Comment: words})
	if refused := r.refused(t, card.Request); refused.Code != events.RefusedMalformed || refused.Approver != "bob" {
		t.Errorf("%+v", refused)
	}
	bob.cast(t, card.Request, events.VerdictCast{Digest: card.Digest, Verdict: events.Reject})
	if d := r.decision(t, "billing", "a"); d.Outcome != events.Rejected {
		t.Errorf("%+v", d)
	}
}
