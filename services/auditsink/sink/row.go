package sink

import (
	"fmt"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// row is one message as the table events has it. Strings are "" and numbers -1 where the event does not say.
type row struct {
	seq        uint64
	storedAt   time.Time
	subject    string
	headersRaw []byte
	data       []byte
	leaf       Hash
	chain      Hash
	rest       map[string]string // headers without a column
	decoded    bool
	problem    string // why it could not be decoded

	ev events.Event

	kind, event               string
	agent, action, request    string
	actorKind, actor, group   string
	channel, approver         string
	tool, breakpoint          string
	targetKind, targetName    string
	targetEnv, session        string
	principal, level, outcome string
	decidedBy, verdict        string
	reason, digest, argsHash  string
	score, tier, quorum       int16
	denied, review            bool
	actionSeq                 uint64
	items, approvers, rules   []string
}

const unset = -1

// readMessage fills r from a message. It never fails: what cannot be decoded keeps its bytes and says why in problem.
func readMessage(r *row, s events.Subjects, header map[string][]string) {
	r.score, r.tier, r.quorum = unset, unset, unset
	readSubject(r, s)
	ev, err := events.Decode(header, r.data)
	r.ev = ev
	if err == nil {
		r.event = eventName(ev.Type)
		err = liftSafely(r, ev.Data)
	}
	switch r.kind {
	case "approvals", "assessments", "decisions", "dead", "grants", "policies", "reviews", "storms", "warnings", "erasures", "holds", "audits":
		r.actorKind, r.actor = "service", lastSegment(ev.Source)
	}
	if err != nil {
		r.problem = err.Error()
	}
	r.decoded = err == nil
	r.rest = restOf(r.rest, header)
	if len(header["Content-Type"]) > 0 { // structured mode: the extensions are in the body
		for name, value := range ev.Extensions {
			r.rest["ce-"+name] = value
		}
	}
}

// readSubject takes the names that the server's permissions vouch for out of the subject; payloads are never asked for them.
func readSubject(r *row, s events.Subjects) {
	rest, ok := strings.CutPrefix(r.subject, s.Prefix()+".")
	if !ok {
		return
	}
	r.kind, rest, _ = strings.Cut(rest, ".")
	a, rest, _ := strings.Cut(rest, ".")
	b, c, _ := strings.Cut(rest, ".")
	switch r.kind {
	case "actions", "withdrawals", "receipts", "answers":
		r.agent, r.action, r.actorKind, r.actor = a, b, "agent", a
	case "assessments":
		r.level, r.agent, r.action = a, b, c
	case "decisions":
		r.agent, r.action = a, b
	case "approvals":
		r.group, r.request = a, c
	case "attention":
		r.channel, r.approver, r.actorKind, r.actor = a, b, "approver", b
		r.request, r.outcome, _ = strings.Cut(c, ".")
	case "verdicts", "handovers":
		r.channel, r.approver, r.request, r.actorKind, r.actor = a, b, c, "approver", b
	case "privacy":
		r.actorKind, r.actor = "auditor", a
	case "reviews", "storms":
		r.group = a
	case "grantings", "marks":
		r.channel, r.approver, r.actorKind, r.actor = a, b, "approver", b
	}
}

// eventName is the type without what all types share: "action.proposed" for "dev.weighlock.action.proposed.v1".
func eventName(eventType string) string {
	name, ok := strings.CutPrefix(eventType, "dev.weighlock.")
	if !ok {
		return eventType
	}
	if i := strings.LastIndex(name, ".v"); i > 0 {
		name = name[:i]
	}
	return name
}

func lastSegment(source string) string { return source[strings.LastIndexByte(source, '/')+1:] }

// traceID is the second part of a W3C traceparent.
func traceID(traceParent string) string {
	if len(traceParent) < 36 || traceParent[2] != '-' || traceParent[35] != '-' {
		return ""
	}
	return traceParent[3:35]
}

// restOf keeps the headers that have no column; nil where there is none, as nearly always.
func restOf(rest map[string]string, header map[string][]string) map[string]string {
	clear(rest)
	for name, values := range header {
		if name == stream.PinHeader || hasColumn(name) {
			continue
		}
		if rest == nil {
			rest = make(map[string]string, 2)
		}
		rest[name] = strings.Join(values, ", ")
	}
	return rest
}

func hasColumn(name string) bool {
	switch name {
	case "ce-id", "ce-source", "ce-type", "ce-time", "ce-subject", "ce-specversion", "ce-datacontenttype",
		"ce-traceparent", "ce-causationid", "ce-policyversion", "ce-replyto":
		return true
	}
	return false
}

// liftSafely turns a panic into a problem of this row: no message may stop the sink.
func liftSafely(r *row, data []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading the data: %v", p)
		}
	}()
	return lift(r, data)
}
