package authz_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
)

// foreign are subjects no outsider may reach, whatever its name.
var foreign = []string{
	"wl.decisions.mallory.x", "wl.decisions.billing.x", "wl.assessments.low.mallory.x", "wl.approvals.ops.requested.r9",
	"wl.timers.r1.0.2", "wl.due.r1.0.1", "wl.grants.mallory.g1", "wl.dead.riskscorer", "wl.dead.mallory",
	"$KV.WL_REQUESTS.r1", "$KV.WL_REQUESTS.r9", "$KV.WL_GRANTS.g1", "$KV.WL_GRANTS.g9", "$KV.WL_AUDIT.actions",
	"wl.actions.billing.x", "wl.withdrawals.billing.a1", "wl.receipts.billing.a1", "wl.actions.*.x", "wl.actions.>",
	"wl.verdicts.slack.alice.r1", "wl.verdicts.self.alice.r1", "wl.verdicts.console.mallory.r1",
	"wl.handovers.slack.alice.r1", "wl.handovers.self.alice.r1", "wl.answers.billing.a1.q-1", "wl.storms.ops.finance", "$KV.WL_STORMS.ops",
	"wl.private.billing.x", "wl.private.*.x", "wl.privacy.dora.e9", "wl.erasures.dora.e9", "wl.holds.dora.h9", "wl.audits.WL_EVENTS", "$KV.WL_PRIVACY.hold.h9",
	"wl.policies.riskscorer.loaded", "wl.assessors.keywords", "_INBOX_ASSESSOR.keywords.x", "_INBOX.billing.answers.x", "_INBOX_SERVICE.riskscorer.x", "_INBOX_APPROVER.alice.x", "_R_.x",
	"$JS.ACK.WL_ACTIONS.riskscorer.1.1.1.1.1", "$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PING.CONNZ",
}

// management are JetStream API requests that change something, each with a payload that would work.
var management = map[string]string{
	"$JS.API.STREAM.CREATE.TAP":                                    `{"name":"TAP","subjects":["tap.>"],"storage":"memory"}`,
	"$JS.API.STREAM.UPDATE.WL_DECISIONS":                           `{"name":"WL_DECISIONS","subjects":["wl.decisions.*.*"],"storage":"file","max_msgs_per_subject":9}`,
	"$JS.API.STREAM.DELETE.WL_ACTIONS":                             "",
	"$JS.API.STREAM.PURGE.WL_TIMERS":                               "",
	"$JS.API.STREAM.PURGE.WL_ACTIONS":                              "",
	"$JS.API.STREAM.MSG.DELETE.WL_ACTIONS":                         `{"seq":1}`,
	"$JS.API.STREAM.MSG.DELETE.WL_PRIVATE":                         `{"seq":1}`,
	"$JS.API.STREAM.PURGE.WL_PRIVATE":                              "",
	"$JS.API.STREAM.SNAPSHOT.WL_ACTIONS":                           `{"deliver_subject":"_INBOX.mallory.snap"}`,
	"$JS.API.STREAM.RESTORE.TAP":                                   `{"config":{"name":"TAP","subjects":["tap.>"]}}`,
	"$JS.API.CONSUMER.CREATE.WL_ACTIONS.tap":                       `{"stream_name":"WL_ACTIONS","config":{"durable_name":"tap","name":"tap","ack_policy":"none"}}`,
	"$JS.API.CONSUMER.CREATE.WL_ACTIONS":                           `{"stream_name":"WL_ACTIONS","config":{"deliver_subject":"wl.decisions.mallory.x","ack_policy":"none"}}`,
	"$JS.API.CONSUMER.DURABLE.CREATE.WL_ACTIONS.tap":               `{"stream_name":"WL_ACTIONS","config":{"durable_name":"tap","ack_policy":"none"}}`,
	"$JS.API.CONSUMER.CREATE.WL_ACTIONS.tap2.wl.actions.mallory.*": `{"stream_name":"WL_ACTIONS","config":{"name":"tap2","filter_subject":"wl.actions.mallory.*","ack_policy":"none"}}`,
	"$JS.API.STREAM.LEADER.STEPDOWN.WL_ACTIONS":                    "",
	"$JS.API.ACCOUNT.PURGE.WL":                                     "",
}

// replies are places where a hostile client would like an answer to be stored or believed.
var replies = []string{
	"wl.decisions.mallory.x", "wl.decisions.billing.x", "wl.actions.billing.x", "wl.actions.mallory.copy", "wl.receipts.billing.a1",
	"wl.verdicts.self.alice.r1", "wl.verdicts.self.mallory.copy", "wl.handovers.self.alice.r1", "wl.answers.billing.a1.copy", "wl.storms.ops.finance", "wl.approvals.ops.requested.r9", "wl.timers.r9.0.1", "wl.assessments.low.mallory.x",
	"$KV.WL_REQUESTS.r1", "$KV.WL_REQUESTS.r9", "$KV.WL_GRANTS.g1", "$KV.WL_GRANTS.g9", "$JS.API.STREAM.DELETE.WL_ACTIONS", "$JS.API.STREAM.PURGE.WL_ACTIONS",
	"$JS.ACK.WL_ACTIONS.riskscorer.1.1.1.1.1", "_INBOX.billing.answers.x", "_INBOX_SERVICE.riskscorer.x",
}

// headers make JetStream do more than store the message. All are refused.
var headers = []nats.Header{
	{"Nats-Schedule": {"@at 2030-01-01T00:00:00Z"}, "Nats-Schedule-Target": {"wl.actions.billing.x"}},
	{"Nats-Schedule": {"@every 1s"}, "Nats-Schedule-Target": {"wl.actions.mallory.x"}, "Nats-Schedule-TTL": {"1s"}},
	{"Nats-Scheduler": {"wl.timers.r1.0.1"}, "Nats-Schedule-Next": {"purge"}},
	{"Nats-Rollup": {"all"}},
	{"Nats-Rollup": {"sub"}},
	{"Nats-TTL": {"1s"}},
	{"Nats-Incr": {"+1"}},
	{"Nats-Batch-Id": {"b1"}, "Nats-Batch-Sequence": {"1"}, "Nats-Batch-Commit": {"1"}},
	{"Nats-Expected-Stream": {"WL_DECISIONS"}},
	{"Nats-Expected-Last-Sequence": {"0"}},
}

func common() map[string]attack {
	attacks := make(map[string]attack)
	for _, subject := range foreign {
		attacks["publish on "+subject] = attack{subject: subject}
	}
	for subject, data := range management {
		attacks["request "+subject] = attack{subject: subject, data: data, reply: "wl.decisions.mallory.x"}
	}
	return attacks
}

// storing is a message that its sender may store, with a reply subject it may not
// use. With the subject of an acknowledgement there, the server drops the message.
func storing(stream, subject, reply string) attack {
	a := attack{subject: subject, reply: reply, data: "x", stores: []string{stream + " " + subject + ": x"}}
	if strings.HasPrefix(reply, "$JS.ACK.") {
		a.stores = nil
	}
	return a
}

func TestHostileAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacks := common()
	attacks["a verdict in its own name"] = attack{subject: "wl.verdicts.self.mallory.r1"}
	for i, reply := range replies {
		subject := fmt.Sprintf("wl.actions.mallory.reply%d", i)
		attacks["PubAck to "+reply] = storing("WL_ACTIONS", subject, reply)
		attacks["refusal to "+reply] = attack{subject: "wl.actions.mallory.m1", reply: reply}
		attacks["own decision to "+reply] = attack{subject: "$JS.API.DIRECT.GET.WL_DECISIONS.wl.decisions.mallory.m1", reply: reply}
	}
	for i, header := range headers {
		attacks[fmt.Sprintf("header %v", header)] = attack{subject: fmt.Sprintf("wl.actions.mallory.h%d", i), header: header}
	}
	for _, dest := range append(slices.Clone(replies), foreign...) {
		if dest == "wl.actions.mallory.copy" {
			continue // its own to write on, so a trace may go there
		}
		attacks["trace to "+dest] = attack{subject: "wl.actions.mallory.m1", header: nats.Header{"Nats-Trace-Dest": {dest}}}
		attacks["trace only to "+dest] = attack{subject: "wl.actions.mallory.t", header: nats.Header{"Nats-Trace-Dest": {dest}, "Nats-Trace-Only": {"true"}}}
	}
	w.harmless(t, agent("mallory"), attacks)
}

func TestHostileApprover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacks := common()
	for _, subject := range []string{"wl.verdicts.self.bob.r1", "wl.verdicts.slack.mallory.r1", "wl.verdicts.*.mallory.r1", "wl.grantings.self.bob.g1", "wl.grantings.slack.mallory.g1", "wl.marks.self.bob.v1", "wl.attention.self.bob.r1.opened", "wl.warnings.bob", "$KV.WL_ATTENTION.mallory", "wl.reviews.ops.flagged.v1", "$KV.WL_REVIEWS.v1", "wl.grants.g1.created", "$KV.WL_GRANTS.g1", "wl.actions.mallory.x"} {
		attacks["publish on "+subject] = attack{subject: subject}
	}
	for i, reply := range replies {
		subject := fmt.Sprintf("wl.verdicts.self.mallory.reply%d", i)
		attacks["PubAck to "+reply] = storing("WL_VERDICTS", subject, reply)
		attacks["PubAck of a grant to "+reply] = storing("WL_VERDICTS", fmt.Sprintf("wl.grantings.self.mallory.reply%d", i), reply)
		for _, source := range []string{"WL_DECISIONS.wl.decisions.billing.a1", "WL_ACTIONS.wl.actions.billing.a1", "KV_WL_REQUESTS.$KV.WL_REQUESTS.r1", "KV_WL_GRANTS.$KV.WL_GRANTS.g1"} {
			attacks["get "+source+" to "+reply] = attack{subject: "$JS.API.DIRECT.GET." + source, reply: reply}
		}
		attacks["batch get to "+reply] = attack{subject: "$JS.API.DIRECT.GET.KV_WL_REQUESTS", reply: reply, data: `{"multi_last":["$KV.WL_REQUESTS.*"],"batch":10}`}
	}
	for i, header := range headers {
		attacks[fmt.Sprintf("header %v", header)] = attack{subject: fmt.Sprintf("wl.verdicts.self.mallory.h%d", i), header: header}
	}
	for _, dest := range append(slices.Clone(replies), foreign...) {
		if dest == "wl.verdicts.self.mallory.copy" {
			continue // its own to write on, so a trace may go there
		}
		attacks["trace to "+dest] = attack{subject: "wl.verdicts.self.mallory.t", header: nats.Header{"Nats-Trace-Dest": {dest}, "Nats-Trace-Only": {"true"}}}
	}
	w.harmless(t, approver("mallory"), attacks)
}

func TestHostileAdapter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacks := common()
	for _, subject := range []string{"wl.verdicts.self.bob.r1", "wl.verdicts.slack.bob.r1", "wl.grantings.self.bob.g1", "wl.grantings.slack.bob.g1", "wl.marks.self.bob.v1", "wl.attention.self.bob.r1.opened", "wl.actions.chat.x", "wl.verdicts.*.bob.r1"} {
		attacks["publish on "+subject] = attack{subject: subject}
	}
	attacks["its own channel"] = attack{subject: "wl.verdicts.chat.bob.r1", data: "x", stores: []string{"WL_VERDICTS wl.verdicts.chat.bob.r1: x"}}
	w.harmless(t, adapter("chat"), attacks)
}

func TestServicesKeepToTheirOutputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	outputs := map[string][]string{
		authz.RiskScorer:     {"wl.dead.riskscorer", "wl.assessments.low.billing.o", "wl.assessments.high.billing.o", "wl.policies.riskscorer.o"},
		authz.ApproverRouter: {"wl.dead.approver-router", "wl.approvals.ops.requested.o", "wl.decisions.billing.o", "$KV.WL_REQUESTS.o", "$KV.WL_GRANTS.o", "wl.grants.a.o", "$KV.WL_REVIEWS.o", "wl.reviews.ops.opened.o", "$KV.WL_ATTENTION.o", "wl.warnings.o", "wl.assessments.high.billing.o"},
		authz.Escalator:      {"wl.dead.escalator", "wl.approvals.ops.requested.o", "wl.decisions.billing.o", "$KV.WL_REQUESTS.o", "wl.timers.o.0."},
		authz.AuditSink:      {"wl.dead.auditsink", "$KV.WL_AUDIT.o", "$KV.WL_PRIVACY.o", "wl.erasures.dora.o", "wl.holds.dora.o", "wl.audits.o"},
		authz.Replier:        {},
	}
	all := []string{"wl.actions.billing.o", "wl.withdrawals.billing.o", "wl.receipts.billing.o", "wl.verdicts.self.alice.o", "wl.grantings.self.alice.o", "wl.marks.self.alice.o", "wl.attention.self.alice.o.opened", "wl.private.billing.o", "wl.privacy.dora.o", "wl.policies.escalator.o"}
	for _, subjects := range outputs {
		all = append(all, subjects...)
	}
	for name, own := range outputs {
		attacks := make(map[string]attack)
		for _, subject := range all {
			if !slices.Contains(own, subject) {
				attacks["publish on "+subject] = attack{subject: sample(subject, "hostile"+name)}
			}
		}
		for subject, data := range management {
			timers := name == authz.Escalator && subject == "$JS.API.STREAM.PURGE.WL_TIMERS"
			values := name == authz.AuditSink && subject == "$JS.API.STREAM.MSG.DELETE.WL_PRIVATE"
			if !timers && !values {
				attacks["request "+subject] = attack{subject: subject, data: data}
			}
		}
		w.harmless(t, service(name), attacks)
		js := w.JetStream(t, service(name))
		for _, subject := range own {
			if _, err := js.Publish(t.Context(), sample(subject, name), []byte("output")); err != nil {
				t.Errorf("%s cannot publish on %s: %v", name, subject, err)
			}
		}
	}
}

// sample makes the last token of a subject its own for each use, where it may vary.
func sample(subject, use string) string {
	if strings.HasPrefix(subject, "wl.dead.") {
		return subject
	}
	return subject + use
}

func TestNobodyHearsWhatIsNotForThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	everything := []string{
		">", "*.>", "wl.>", "wl.*.*.*", "wl.decisions.>", "wl.decisions.billing.*", "wl.actions.>", "wl.verdicts.>", "wl.approvals.>", "wl.due.>",
		"_INBOX.>", "_INBOX.*.>", "_INBOX.billing.>", "_INBOX_APPROVER.>", "_INBOX_APPROVER.alice.>", "_INBOX_SERVICE.>", "$JS.>", "$JS.ACK.>", "$KV.>",
		"$SYS.>", "_R_.>", "$JS.EVENT.>",
	}
	for _, id := range []authz.Identity{
		agent("mallory"), approver("mallory"), adapter("chat"), assessor("mallory"),
		service(authz.RiskScorer), service(authz.ApproverRouter), service(authz.Escalator), service(authz.AuditSink), service(authz.Replier),
	} {
		heard := w.hears(t, id, everything...)
		heard = slices.DeleteFunc(heard, func(subject string) bool {
			return (id.Kind == authz.Approver || id.Kind == authz.Adapter) && strings.HasPrefix(subject, "wl.approvals.")
		})
		if len(heard) > 0 {
			t.Errorf("%s heard %q", id, heard)
		}
	}
	if heard := w.hears(t, agent("billing"), "_INBOX.billing.>"); len(heard) != 1 {
		t.Errorf("agent/billing heard %q, want its answer", heard)
	}
	if heard := w.hears(t, approver("alice"), "wl.approvals.>"); len(heard) != 1 {
		t.Errorf("approver/alice heard %q, want the request", heard)
	}
}
