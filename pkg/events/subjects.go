package events

import (
	"fmt"
	"strconv"
	"strings"
)

// DefaultPrefix is the subject prefix of a pipeline that was given none.
const DefaultPrefix = "wl"

// AgentInboxPrefix starts the inbox of every agent: agent "billing" subscribes
// to "_INBOX.billing.>" and to nothing else. It does not carry the pipeline's prefix, because
// an inbox belongs to the account of the agents.
const AgentInboxPrefix = "_INBOX"

// Subjects builds and parses the subjects of one pipeline (a cell). The zero
// value is not usable; make one with [NewSubjects].
type Subjects struct{ prefix string }

// NewSubjects returns the subjects under prefix, one safe token (see
// [CheckToken]). An empty prefix means [DefaultPrefix].
func NewSubjects(prefix string) (Subjects, error) {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	if err := CheckToken("prefix", prefix); err != nil {
		return Subjects{}, err
	}
	return Subjects{prefix}, nil
}

// Prefix returns the token that every subject starts with.
func (s Subjects) Prefix() string { return s.prefix }

// Stream returns the name of a stream or bucket in this cell:
// Stream("ACTIONS") is "WL_ACTIONS" under the prefix "wl".
func (s Subjects) Stream(name string) string {
	return strings.ToUpper(strings.ReplaceAll(s.prefix, "-", "_")) + "_" + name
}

func (s Subjects) join(tokens ...string) string {
	return s.prefix + "." + strings.Join(tokens, ".")
}

// Action is where an agent proposes an action.
func (s Subjects) Action(agent, action string) string { return s.join("actions", agent, action) }

// Withdrawal is where an agent takes a proposed action back.
func (s Subjects) Withdrawal(agent, action string) string {
	return s.join("withdrawals", agent, action)
}

// Receipt is where an agent reports what it did after the decision.
func (s Subjects) Receipt(agent, action string) string { return s.join("receipts", agent, action) }

// Assessment is where the risk scorer publishes its answer.
func (s Subjects) Assessment(level Level, agent, action string) string {
	return s.join("assessments", string(level), agent, action)
}

// Approval is where the lifecycle of a request is published, for its group.
func (s Subjects) Approval(group string, event ApprovalEvent, request string) string {
	return s.join("approvals", group, string(event), request)
}

// Verdict is where an approver answers a request on a channel.
func (s Subjects) Verdict(channel, approver, request string) string {
	return s.join("verdicts", channel, approver, request)
}

// HandOver is where an approver hands a request over, holds it or asks about it, on a channel.
func (s Subjects) HandOver(channel, approver, request string) string {
	return s.join("handovers", channel, approver, request)
}

// Answer is where an agent answers a question about an action.
func (s Subjects) Answer(agent, action, question string) string {
	return s.join("answers", agent, action, question)
}

// Decision is where the ledger keeps the final word on an action.
func (s Subjects) Decision(agent, action string) string { return s.join("decisions", agent, action) }

// Policy is where service says what became of the files of its policy.
func (s Subjects) Policy(service string, event PolicyEvent) string {
	return s.join("policies", service, string(event))
}

// Granting is where an approver gives or revokes a grant on a channel.
func (s Subjects) Granting(channel, approver, grant string) string {
	return s.join("grantings", channel, approver, grant)
}

// Grant is where the life of a grant is published.
func (s Subjects) Grant(grant string, event GrantEvent) string {
	return s.join("grants", grant, string(event))
}

// ReviewMark is where a reviewer answers a review on a channel.
func (s Subjects) ReviewMark(channel, approver, review string) string {
	return s.join("marks", channel, approver, review)
}

// Review is where the life of a review is published, for its group.
func (s Subjects) Review(group string, event ReviewEvent, review string) string {
	return s.join("reviews", group, string(event), review)
}

// Attention is where it is reported what an approver saw of a request's card on a channel.
func (s Subjects) Attention(channel, approver, request string, what Sight) string {
	return s.join("attention", channel, approver, request, string(what))
}

// Warning is where it is said that a person seems to wave cards through.
func (s Subjects) Warning(person string) string { return s.join("warnings", person) }

// Storm is where it is told to a group that another, or itself, has too many open requests.
func (s Subjects) Storm(to, group string) string { return s.join("storms", to, group) }

// Private is where an agent keeps an action's private values.
func (s Subjects) Private(agent, action string) string { return s.join("private", agent, action) }

// Privacy is where an auditor asks for an erasure, or for a legal hold by its name.
func (s Subjects) Privacy(auditor, what string) string { return s.join("privacy", auditor, what) }

// Erasure is where it is published what an erasure erased.
func (s Subjects) Erasure(auditor, erasure string) string {
	return s.join("erasures", auditor, erasure)
}

// Hold is where it is published that a legal hold is placed or has ended.
func (s Subjects) Hold(auditor, hold string) string { return s.join("holds", auditor, hold) }

// Audit is where it is published that the audit of a stream, by its full name, is dangerously late.
func (s Subjects) Audit(stream string) string { return s.join("audits", stream) }

// Assessor is where a further assessor is asked, by request and reply. Nothing there is stored.
func (s Subjects) Assessor(name string) string { return s.join("assessors", name) }

// Rescore is where the risk scorer is asked to assess an action with edited arguments, by request and reply.
func (s Subjects) Rescore() string { return s.join("rescore") }

// Rescored is where the answer to one question on [Subjects.Rescore] goes.
func (s Subjects) Rescored(question string) string { return s.join("rescored", question) }

// Dead is where service keeps what it could not handle.
func (s Subjects) Dead(service string) string { return s.join("dead", service) }

// Proof is where the signed digests of what the audit wrote of stream are kept.
func (s Subjects) Proof(stream string) string { return s.join("proofs", stream) }

// Timer is where the escalator arms a timer; each arming has a fresh generation,
// because re-arming one subject near its due time loses the replacement.
func (s Subjects) Timer(request string, tier int, generation uint64) string {
	return s.join("timers", request, strconv.Itoa(tier), strconv.FormatUint(generation, 10))
}

// Timers matches every timer of one request.
func (s Subjects) Timers(request string) string { return s.join("timers", request, ">") }

// Due is where a timer fires.
func (s Subjects) Due(request string, tier int, generation uint64) string {
	return s.join("due", request, strconv.Itoa(tier), strconv.FormatUint(generation, 10))
}

// All matches every subject of a kind whose subjects have n tokens after it,
// for streams, consumers and permissions: All("actions", 2) is "wl.actions.*.*".
func (s Subjects) All(kind string, n int) string {
	return s.join(kind) + strings.Repeat(".*", n)
}

// ParseAction takes apart the subject of an action, a withdrawal or a receipt.
func (s Subjects) ParseAction(subject string) (kind, agent, action string, err error) {
	for _, kind = range []string{"actions", "withdrawals", "receipts"} {
		if t, ok := s.tokens(subject, kind, 2); ok {
			return kind, t[0], t[1], checkTokens("agent", t[0], "action", t[1])
		}
	}
	return "", "", "", s.notA("action", subject, "actions.<agent>.<action>")
}

// ParseAssessment takes apart the subject of an assessment.
func (s Subjects) ParseAssessment(subject string) (level Level, agent, action string, err error) {
	t, ok := s.tokens(subject, "assessments", 3)
	if !ok {
		return "", "", "", s.notA("assessment", subject, "assessments.<level>.<agent>.<action>")
	}
	level = Level(t[0])
	if !level.Valid() {
		return "", "", "", &FieldError{Field: "level", Problem: fmt.Sprintf("is %q", t[0]), Fix: "use low, medium or high"}
	}
	return level, t[1], t[2], checkTokens("agent", t[1], "action", t[2])
}

// ParseApproval takes apart the subject of a request's lifecycle event.
func (s Subjects) ParseApproval(subject string) (group string, event ApprovalEvent, request string, err error) {
	t, ok := s.tokens(subject, "approvals", 3)
	if !ok {
		return "", "", "", s.notA("approval", subject, "approvals.<group>.<event>.<request>")
	}
	return t[0], ApprovalEvent(t[1]), t[2], checkTokens("group", t[0], "event", t[1], "request", t[2])
}

// ParseVerdict takes apart the subject of a verdict. The three names are the
// verdict's identity: what its payload claims is compared with them.
func (s Subjects) ParseVerdict(subject string) (channel, approver, request string, err error) {
	t, ok := s.tokens(subject, "verdicts", 3)
	if !ok {
		return "", "", "", s.notA("verdict", subject, "verdicts.<channel>.<approver>.<request>")
	}
	return t[0], t[1], t[2], checkTokens("channel", t[0], "approver", t[1], "request", t[2])
}

// ParseHandOver takes apart the subject of a hand-over, as [Subjects.ParseVerdict] does.
func (s Subjects) ParseHandOver(subject string) (channel, approver, request string, err error) {
	t, ok := s.tokens(subject, "handovers", 3)
	if !ok {
		return "", "", "", s.notA("hand-over", subject, "handovers.<channel>.<approver>.<request>")
	}
	return t[0], t[1], t[2], checkTokens("channel", t[0], "approver", t[1], "request", t[2])
}

// ParsePrivate takes apart the subject of an action's private values.
func (s Subjects) ParsePrivate(subject string) (agent, action string, err error) {
	t, ok := s.tokens(subject, "private", 2)
	if !ok {
		return "", "", s.notA("private value", subject, "private.<agent>.<action>")
	}
	return t[0], t[1], checkTokens("agent", t[0], "action", t[1])
}

// ParsePrivacy takes apart the subject on which an auditor asks.
func (s Subjects) ParsePrivacy(subject string) (auditor, what string, err error) {
	t, ok := s.tokens(subject, "privacy", 2)
	if !ok {
		return "", "", s.notA("question of an auditor", subject, "privacy.<auditor>.<what>")
	}
	return t[0], t[1], checkTokens("auditor", t[0], "name", t[1])
}

// ParseAnswer takes apart the subject of an agent's answer.
func (s Subjects) ParseAnswer(subject string) (agent, action, question string, err error) {
	t, ok := s.tokens(subject, "answers", 3)
	if !ok {
		return "", "", "", s.notA("answer", subject, "answers.<agent>.<action>.<question>")
	}
	return t[0], t[1], t[2], checkTokens("agent", t[0], "action", t[1], "question", t[2])
}

// ParseGranting takes apart the subject on which a grant is given or revoked.
func (s Subjects) ParseGranting(subject string) (channel, approver, grant string, err error) {
	t, ok := s.tokens(subject, "grantings", 3)
	if !ok {
		return "", "", "", s.notA("granting", subject, "grantings.<channel>.<approver>.<grant>")
	}
	return t[0], t[1], t[2], checkTokens("channel", t[0], "approver", t[1], "grant", t[2])
}

// ParseGrant takes apart the subject of a grant's life.
func (s Subjects) ParseGrant(subject string) (grant string, event GrantEvent, err error) {
	t, ok := s.tokens(subject, "grants", 2)
	if !ok {
		return "", "", s.notA("grant", subject, "grants.<grant>.<event>")
	}
	return t[0], GrantEvent(t[1]), checkTokens("grant", t[0], "event", t[1])
}

// ParseReviewMark takes apart the subject on which a reviewer answers.
func (s Subjects) ParseReviewMark(subject string) (channel, approver, review string, err error) {
	t, ok := s.tokens(subject, "marks", 3)
	if !ok {
		return "", "", "", s.notA("mark", subject, "marks.<channel>.<approver>.<review>")
	}
	return t[0], t[1], t[2], checkTokens("channel", t[0], "approver", t[1], "review", t[2])
}

// ParseReview takes apart the subject of a review's life.
func (s Subjects) ParseReview(subject string) (group string, event ReviewEvent, review string, err error) {
	t, ok := s.tokens(subject, "reviews", 3)
	if !ok {
		return "", "", "", s.notA("review", subject, "reviews.<group>.<event>.<review>")
	}
	return t[0], ReviewEvent(t[1]), t[2], checkTokens("group", t[0], "event", t[1], "review", t[2])
}

// ParseAttention takes apart the subject of a report.
func (s Subjects) ParseAttention(subject string) (channel, approver, request string, what Sight, err error) {
	t, ok := s.tokens(subject, "attention", 4)
	if !ok {
		return "", "", "", "", s.notA("report of attention", subject, "attention.<channel>.<approver>.<request>.<what>")
	}
	return t[0], t[1], t[2], Sight(t[3]), checkTokens("channel", t[0], "approver", t[1], "request", t[2], "what", t[3])
}

// ParseDecision takes apart the subject of a decision.
func (s Subjects) ParseDecision(subject string) (agent, action string, err error) {
	t, ok := s.tokens(subject, "decisions", 2)
	if !ok {
		return "", "", s.notA("decision", subject, "decisions.<agent>.<action>")
	}
	return t[0], t[1], checkTokens("agent", t[0], "action", t[1])
}

// ParseDue takes apart the subject on which a timer fires.
func (s Subjects) ParseDue(subject string) (request string, tier int, generation uint64, err error) {
	t, ok := s.tokens(subject, "due", 3)
	if !ok {
		return "", 0, 0, s.notA("due timer", subject, "due.<request>.<tier>.<generation>")
	}
	if tier, err = strconv.Atoi(t[1]); err != nil || tier < 0 || strconv.Itoa(tier) != t[1] {
		return "", 0, 0, &FieldError{Field: "tier", Problem: fmt.Sprintf("is %q", t[1]), Fix: "use a whole number"}
	}
	if generation, err = strconv.ParseUint(t[2], 10, 64); err != nil || strconv.FormatUint(generation, 10) != t[2] {
		return "", 0, 0, &FieldError{Field: "generation", Problem: fmt.Sprintf("is %q", t[2]), Fix: "use a whole number"}
	}
	return t[0], tier, generation, CheckToken("request", t[0])
}

// ParsePolicy takes apart the subject of an event about a policy.
func (s Subjects) ParsePolicy(subject string) (service string, event PolicyEvent, err error) {
	t, ok := s.tokens(subject, "policies", 2)
	if !ok {
		return "", "", s.notA("policy", subject, "policies.<service>.<event>")
	}
	return t[0], PolicyEvent(t[1]), checkTokens("service", t[0], "event", t[1])
}

// ParseDead takes apart the subject of a dead letter.
func (s Subjects) ParseDead(subject string) (service string, err error) {
	t, ok := s.tokens(subject, "dead", 1)
	if !ok {
		return "", s.notA("dead letter", subject, "dead.<service>")
	}
	return t[0], CheckToken("service", t[0])
}

// CheckReplyTo reports whether replyTo may be answered on behalf of agent: a
// literal subject under the agent's own inbox. Anything else would let an agent
// make a trusted service publish where the agent itself may not.
func CheckReplyTo(agent, replyTo string) error {
	if err := CheckToken("agent", agent); err != nil {
		return err
	}
	own := AgentInboxPrefix + "." + agent + "."
	fix := "answer is sent only below " + own
	if len(replyTo) > 255 {
		return &FieldError{Field: "replyto", Problem: fmt.Sprintf("has %d characters", len(replyTo)), Fix: "use at most 255"}
	}
	rest, ok := strings.CutPrefix(replyTo, own)
	if !ok {
		return &FieldError{Field: "replyto", Problem: "is outside the agent's inbox", Fix: fix}
	}
	for token := range strings.SplitSeq(rest, ".") {
		if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r > 0x7e || !tokenByte(byte(r)) }) {
			return &FieldError{Field: "replyto", Problem: "is not a literal subject of safe tokens", Fix: fix}
		}
	}
	return nil
}

func (s Subjects) tokens(subject, kind string, n int) ([]string, bool) {
	rest, ok := strings.CutPrefix(subject, s.prefix)
	if !ok {
		return nil, false
	}
	if rest, ok = strings.CutPrefix(rest, "."+kind+"."); !ok {
		return nil, false
	}
	t := strings.Split(rest, ".")
	return t, len(t) == n
}

func (s Subjects) notA(what, subject, shape string) error {
	return &FieldError{Field: "subject", Problem: fmt.Sprintf("%q is not that of a %s", subject, what), Fix: "use " + s.prefix + "." + shape}
}

func checkTokens(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := CheckToken(pairs[i], pairs[i+1]); err != nil { //nolint:gosec // every caller gives pairs; an odd one must not pass unchecked
			return err
		}
	}
	return nil
}
