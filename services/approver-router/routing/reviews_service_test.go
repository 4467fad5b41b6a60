package routing

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/reviews"
	sdk "github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// reviewRig is a rig whose routes have ops look at every medium action, and security at those with drafts.
func reviewRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, 1, "5m", 1)
	text, err := os.ReadFile(r.cfg.RoutesFile)
	if err == nil {
		err = os.WriteFile(r.cfg.RoutesFile, append([]byte("reviews:\n  - {by: security, every: daily, when: \"tool == 'delete_draft'\"}\n  - {by: ops, every: hourly, sample: 5, flagFor: 2h}\n"), text...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// maker makes digests as a router does whose clock is ahead.
func (r *rig) maker(t *testing.T, ahead time.Duration) *digests {
	t.Helper()
	table, err := r.cfg.load()
	if err != nil {
		t.Fatal(err)
	}
	js := r.server.JetStream(t, router)
	return &digests{
		js: js, subjects: r.s, store: reviews.NewStore(js, r.s), tables: newTables(table), answers: newAnswers(js, r.s), logger: slog.New(slog.DiscardHandler),
		now: func() time.Time { return time.Now().Add(ahead) },
	}
}

// mark answers a review.
func (a *approver) mark(t *testing.T, review string, p *events.ReviewCast) {
	t.Helper()
	e, err := events.New(p, nats.NewInbox(), "/approvers/"+a.name, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.conn.RequestMsg(&nats.Msg{Subject: a.rig.s.ReviewMark("self", a.name, review), Header: nats.Header(h), Data: data}, within); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) review(t *testing.T, group string) (*events.ReviewOpened, *events.ReviewCard) {
	t.Helper()
	opened := as[events.ReviewOpened](t, r.next(t, "EVENTS", r.s.Review(group, events.ReviewIsOpen, "*")))
	card, err := opened.ReadCard()
	if err != nil {
		t.Fatal(err)
	}
	return opened, card
}

// What went through comes before reviewers once, whoever makes the digest and however often; their flags are told.
func TestReviewsAfterTheFact(t *testing.T) {
	t.Parallel()
	r := reviewRig(t)
	if err := r.maker(t, -2*time.Hour).look(t.Context()); err != nil { // from now on
		t.Fatal(err)
	}
	run := r.start(t)
	for i := range 8 {
		r.assess(t, assessment("billing", fmt.Sprintf("mail-%d", i), level(events.Medium), tool("send_email"), score(40)))
		r.decision(t, "billing", fmt.Sprintf("mail-%d", i))
	}
	r.assess(t, assessment("refunds", "note", level(events.Medium), tool("add_note"), score(40)))
	r.decision(t, "refunds", "note")
	r.assess(t, assessment("billing", "draft", level(events.Medium), tool("delete_draft"), score(40)))
	r.decision(t, "billing", "draft")
	r.assess(t, assessment("billing", "look", level(events.Low), tool("search")))
	var makers sync.WaitGroup
	for range 3 {
		d := r.maker(t, 25*time.Hour)
		makers.Go(func() {
			if err := d.look(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	makers.Wait()
	opened, card := r.review(t, "ops")
	if card.Actions != 9 || len(card.Items) != 5 || len(card.Kinds) != 2 || card.Kinds[0].Actions != 8 || card.To.Sub(card.From) != time.Hour {
		t.Fatalf("%+v", card)
	}
	if _, drafts := r.review(t, "security"); drafts.Actions != 1 || drafts.Items[0].Tool != "delete_draft" {
		t.Errorf("%+v", drafts)
	}
	if err := r.maker(t, 26*time.Hour).look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := r.count(t, r.s.Review("*", events.ReviewIsOpen, "*")); n != 2 {
		t.Errorf("%d reviews were opened", n)
	}
	note, mail := 0, 0
	for _, item := range card.Items {
		if item.Tool == "add_note" {
			note = item.Number
		} else {
			mail = item.Number
		}
	}
	refused := func(who, want string, p *events.ReviewCast) {
		t.Helper()
		r.approver(t, who).mark(t, opened.Review, p)
		if got := as[events.ReviewRefused](t, r.next(t, "EVENTS", r.s.Review("*", events.ReviewDenied, opened.Review))); got.Approver != who || !strings.Contains(got.Reason, want) {
			t.Errorf("%+v, want %q", got, want)
		}
	}
	refused("dave", "is not in ops", &events.ReviewCast{Digest: opened.Digest, Mark: events.Fine})
	refused("alice", "another review", &events.ReviewCast{Digest: events.Digest(nil), Mark: events.Fine})
	// The agent refunds asks in bob's name.
	refused("bob", "for others to look at", &events.ReviewCast{Digest: opened.Digest, Items: []events.ItemMark{{Number: note, Mark: events.Fine}}})
	r.approver(t, "bob").mark(t, opened.Review, &events.ReviewCast{Digest: opened.Digest, Mark: events.Fine, Items: []events.ItemMark{{Number: mail, Mark: events.Flag}}, Comment: "wrong list"})
	flagged := as[events.ReviewFlagged](t, r.next(t, "EVENTS", r.s.Review("ops", events.ReviewFlag, opened.Review)))
	if flagged.Agent != "billing" || flagged.Tool != "send_email" || flagged.Person != "bob" || flagged.Comment != "wrong list" || time.Until(flagged.Until) < 119*time.Minute {
		t.Errorf("%+v", flagged)
	}
	marked := as[events.ReviewMarked](t, r.next(t, "EVENTS", r.s.Review("ops", events.ReviewCounted, opened.Review)))
	if marked.Fine != 3 || marked.Flagged != 1 || marked.Left != 1 {
		t.Errorf("%+v", marked)
	}
	run.stop()
}

// A router that dies after it stored a digest leaves its announcement to the next.
func TestRouterDiesWhileItOpensAReview(t *testing.T) {
	t.Parallel()
	r := reviewRig(t)
	if err := r.maker(t, -2*time.Hour).look(t.Context()); err != nil {
		t.Fatal(err)
	}
	run := r.start(t)
	r.assess(t, assessment("billing", "mail", level(events.Medium), tool("send_email"), score(40)))
	r.decision(t, "billing", "mail")
	run.stop()
	<-run.done
	d, dead := r.maker(t, 2*time.Hour), r.maker(t, 2*time.Hour)
	dead.js = stopsAt{d.js, r.s.Review("ops", events.ReviewIsOpen, "")}
	if err := dead.look(t.Context()); err == nil {
		t.Fatal("it did not die")
	}
	if err := d.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, card := r.review(t, "ops"); card.Actions != 1 {
		t.Errorf("%+v", card)
	}
}

// stopsAt is a JetStream that publishes nothing on subjects with a prefix.
type stopsAt struct {
	jetstream.JetStream

	prefix string
}

func (s stopsAt) PublishMsg(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	if strings.HasPrefix(m.Subject, s.prefix) {
		return nil, nats.ErrConnectionClosed
	}
	return s.JetStream.PublishMsg(ctx, m, opts...)
}

// A reviewer reads and answers through the SDK.
func TestReviewsThroughTheSDK(t *testing.T) {
	t.Parallel()
	r := reviewRig(t)
	if err := r.maker(t, -2*time.Hour).look(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.start(t)
	for _, action := range []string{"one", "two"} {
		r.assess(t, assessment("billing", action, level(events.Medium), tool("send_email"), score(40)))
		r.decision(t, "billing", action)
	}
	if err := r.maker(t, 2*time.Hour).look(t.Context()); err != nil {
		t.Fatal(err)
	}
	clients := map[string]*sdk.Client{}
	for _, name := range []string{"alice", "dave"} {
		seed := r.server.Add(t, authz.Identity{Kind: authz.Approver, Name: name})
		c, err := sdk.Connect(t.Context(), sdk.Options{URL: r.server.URL, Approver: name, SeedFile: seed})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		clients[name] = c
	}
	list, err := clients["alice"].Reviews(t.Context())
	if err != nil || len(list) != 1 || list[0].Left() != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	id, cast := list[0].Card.Review, events.ReviewCast{Digest: list[0].Digest, Items: []events.ItemMark{{Number: 1, Mark: events.Flag}}}
	if _, err := clients["dave"].MarkReview(t.Context(), "", id, cast); err == nil || !strings.Contains(err.Error(), "is not in ops") {
		t.Errorf("a stranger's answer: %v", err)
	}
	if marked, err := clients["alice"].MarkReview(t.Context(), "", id, cast); err != nil || marked.Flagged != 1 || marked.Left != 1 {
		t.Errorf("%+v, %v", marked, err)
	}
	if list, err = clients["alice"].Reviews(t.Context()); err != nil || list[0].Left() != 1 || list[0].Marks[1] != (sdk.ReviewMark{Mark: events.Flag, Person: "alice"}) {
		t.Errorf("%+v, %v", list, err)
	}
}
