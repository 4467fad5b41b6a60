package authz_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
)

// Private values are read by their agent, the scorer, the sink and approvers, and by nobody else.
func TestPrivateValuesAreReadByFew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const own, other = "$JS.API.DIRECT.GET.WL_PRIVATE.wl.private.mallory.m1", "$JS.API.DIRECT.GET.WL_PRIVATE.wl.private.billing.a1"
	for id, want := range map[authz.Identity]string{
		agent("billing"): "secret of billing", approver("alice"): "secret of billing", adapter("slack"): "secret of billing",
		service(authz.RiskScorer): "secret of billing", service(authz.AuditSink): "secret of billing",
	} {
		if m := get(t, w.Connect(t, id), other, ""); string(m.Data) != want {
			t.Errorf("%s reads %q %v", id, m.Data, m.Header)
		}
	}
	quiet := nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	for _, id := range []authz.Identity{agent("mallory"), assessor("mallory"), auditor("mallory"), service(authz.ApproverRouter), service(authz.Escalator), service(authz.Replier)} {
		nc := w.Connect(t, id, quiet)
		inbox, err := nc.SubscribeSync(nc.NewInbox())
		if err != nil {
			t.Fatal(err)
		}
		for _, subject := range []string{
			other, "$JS.API.DIRECT.GET.WL_PRIVATE.wl.private.*.a1", "$JS.API.DIRECT.GET.WL_PRIVATE.wl.private.>", "$JS.API.DIRECT.GET.WL_PRIVATE",
			"$JS.API.STREAM.MSG.GET.WL_PRIVATE", "$JS.API.CONSUMER.CREATE.WL_PRIVATE.tap",
		} {
			if err := nc.PublishRequest(subject, inbox.Subject, []byte(`{"last_by_subj":"wl.private.billing.a1"}`)); err != nil {
				t.Fatal(err)
			}
		}
		w.fence(t, nc)
		if m, err := inbox.NextMsg(time.Nanosecond); !errors.Is(err, nats.ErrTimeout) {
			t.Errorf("%s was answered: %v %v", id, m, err)
		}
	}
	nc := w.Connect(t, agent("mallory"), quiet)
	if m := get(t, nc, own, `{"last_by_subj":"wl.private.billing.a1"}`); strings.Contains(string(m.Data), "billing") {
		t.Errorf("a payload reads another's: %s", m.Data)
	}
	if heard := w.hears(t, agent("mallory"), "wl.private.>", "wl.private.billing.*", "wl.privacy.>"); len(heard) > 0 {
		t.Errorf("it hears %v", heard)
	}
}

// A value is stored once: neither its agent nor anybody else replaces or removes it.
func TestPrivateValuesAreNotReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	js := w.JetStream(t, agent("billing"))
	var refused *jetstream.APIError
	if _, err := js.Publish(t.Context(), "wl.private.billing.a1", []byte("another")); !errors.As(err, &refused) || refused.ErrorCode != 10077 {
		t.Fatalf("a second value: %v", err)
	}
	attacks := make(map[string]attack)
	for i, header := range headers {
		attacks[fmt.Sprintf("header %v", header)] = attack{subject: fmt.Sprintf("wl.private.mallory.h%d", i), header: header}
	}
	for i, reply := range replies {
		attacks["PubAck to "+reply] = storing("WL_PRIVATE", fmt.Sprintf("wl.private.mallory.reply%d", i), reply)
		attacks["value to "+reply] = attack{subject: "$JS.API.DIRECT.GET.WL_PRIVATE.wl.private.mallory.m1", reply: reply}
	}
	w.harmless(t, agent("mallory"), attacks)
	for _, id := range []authz.Identity{approver("mallory"), adapter("chat"), assessor("mallory"), auditor("mallory"), service(authz.RiskScorer), service(authz.ApproverRouter)} {
		more := map[string]attack{}
		for _, subject := range []string{"wl.private.billing.a1", "wl.private.billing.x", "wl.private.mallory.x"} {
			more["publish on "+subject] = attack{subject: subject}
		}
		for _, api := range []string{"STREAM.MSG.DELETE.WL_PRIVATE", "STREAM.PURGE.WL_PRIVATE", "STREAM.DELETE.WL_PRIVATE"} {
			more["request "+api] = attack{subject: "$JS.API." + api, data: `{"seq":1}`}
		}
		w.harmless(t, id, more)
	}
}

func TestHostileAuditor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacks := common()
	for _, subject := range []string{"wl.actions.mallory.x", "wl.verdicts.self.mallory.r1", "wl.privacy.bob.e1", "wl.privacy.*.e1", "wl.erasures.mallory.e1", "wl.holds.mallory.h1"} {
		attacks["publish on "+subject] = attack{subject: subject}
	}
	for i, header := range headers {
		attacks[fmt.Sprintf("header %v", header)] = attack{subject: fmt.Sprintf("wl.privacy.mallory.h%d", i), header: header}
	}
	for i, reply := range replies {
		attacks["PubAck to "+reply] = storing("WL_VERDICTS", fmt.Sprintf("wl.privacy.mallory.reply%d", i), reply)
		attacks["get an erasure to "+reply] = attack{subject: "$JS.API.DIRECT.GET.WL_EVENTS.wl.erasures.dora.e1", reply: reply}
		attacks["get holds to "+reply] = attack{subject: "$JS.API.DIRECT.GET.KV_WL_PRIVACY", reply: reply, data: `{"multi_last":["$KV.WL_PRIVACY.>"],"batch":10}`}
	}
	for _, dest := range append(slices.Clone(replies), foreign...) {
		attacks["trace to "+dest] = attack{subject: "wl.privacy.mallory.t", header: nats.Header{"Nats-Trace-Dest": {dest}, "Nats-Trace-Only": {"true"}}}
	}
	w.harmless(t, auditor("mallory"), attacks)
}

// Nobody but an auditor asks for an erasure or a hold.
func TestOnlyAuditorsAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []authz.Identity{agent("dora"), approver("dora"), adapter("dora"), assessor("dora"), service(authz.RiskScorer), service(authz.AuditSink)} {
		w.harmless(t, id, map[string]attack{"ask": {subject: "wl.privacy.dora.e7"}})
	}
	if _, err := w.JetStream(t, auditor("dora")).Publish(t.Context(), "wl.privacy.dora.e7", nil); err != nil {
		t.Fatal(err)
	}
	if m := get(t, w.Connect(t, auditor("dora")), "$JS.API.DIRECT.GET.WL_EVENTS.wl.erasures.dora.e1", ""); string(m.Data) != "erased" {
		t.Errorf("what became of it: %q %v", m.Data, m.Header)
	}
}
