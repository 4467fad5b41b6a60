package sink

import (
	"github.com/ClickHouse/ch-go/proto"

	"github.com/weighlock/weighlock/internal/clickhouse"
)

type (
	strCol  = *clickhouse.TextColumn
	lowCol  = *clickhouse.LowColumn
	u64Col  = *proto.ColUInt64
	i16Col  = *proto.ColInt16
	flagCol = *proto.ColUInt8
	timeCol = *proto.ColDateTime64
	hashCol = *proto.ColFixedStr
	listCol = *proto.ColArr[string]
)

// eventsTable collects rows of the table events; schema/0001_tables.sql says what each column is.
type eventsTable struct {
	clickhouse.Table
	stream, kind, event, source, eventType        lowCol
	cell, agent, actorKind, actor, group, channel lowCol
	approver, tool, breakpoint, targetKind, env   lowCol
	principal, level, outcome, decidedBy, verdict lowCol
	policyVersion                                 lowCol
	epoch, seq, actionSeq, batchLo                u64Col
	storedAt, eventTime                           timeCol
	subject, eventID, about, causation, traceID   strCol
	replyTo, action, request, targetName, session strCol
	reason, digest, argsHash                      strCol
	score, tier, quorum                           i16Col
	denied, review, decoded                       flagCol
	items, approvers, rules                       listCol
	headers                                       *proto.ColMap[string, string]
	headersRaw, data                              strCol
	leaf, chain                                   hashCol
}

func newEventsTable() *eventsTable {
	t := &eventsTable{Table: clickhouse.Table{Name: "events"}}
	t.stream, t.epoch, t.seq, t.storedAt = t.Low("stream"), t.U64("epoch"), t.U64("seq"), t.Time("stored_at", proto.PrecisionNano)
	t.subject, t.cell, t.kind, t.event = t.Str("subject"), t.Low("cell"), t.Low("kind"), t.Low("event")
	t.eventID, t.source, t.eventType, t.eventTime = t.Str("event_id"), t.Low("source"), t.Low("type"), t.Time("event_time", proto.PrecisionMicro)
	t.about, t.causation, t.traceID, t.replyTo = t.Str("about"), t.Str("causation_id"), t.Str("trace_id"), t.Str("reply_to")
	t.policyVersion = t.Low("policy_version")
	t.actorKind, t.actor, t.agent, t.action = t.Low("actor_kind"), t.Low("actor"), t.Low("agent"), t.Str("action")
	t.actionSeq, t.request, t.group, t.channel, t.approver = t.U64("action_seq"), t.Str("request"), t.Low("group"), t.Low("channel"), t.Low("approver")
	t.tool, t.breakpoint, t.targetKind, t.targetName = t.Low("tool"), t.Low("breakpoint"), t.Low("target_kind"), t.Str("target_name")
	t.env, t.session, t.principal = t.Low("target_environment"), t.Str("session"), t.Low("principal")
	t.level, t.score, t.denied, t.review = t.Low("level"), t.I16("score"), t.Flag("denied"), t.Flag("review")
	t.outcome, t.decidedBy, t.verdict, t.reason = t.Low("outcome"), t.Low("decided_by"), t.Low("verdict"), t.Str("reason")
	t.digest, t.argsHash = t.Str("digest"), t.Str("arguments_digest")
	t.tier, t.quorum = t.I16("tier"), t.I16("quorum")
	t.items, t.approvers, t.rules = t.List("items"), t.List("approvers"), t.List("rules")
	t.headers, t.headersRaw, t.data = t.Pairs("headers"), t.Str("headers_raw"), t.Str("data")
	t.leaf, t.chain, t.batchLo, t.decoded = t.Fixed("leaf_hash", len(Hash{})), t.Fixed("chain_hash", len(Hash{})), t.U64("batch_lo"), t.Flag("decoded")
	return t
}

// origin is what all rows of a batch share.
type origin struct {
	stream string
	cell   string
	epoch  uint64
	lo     uint64
}

func (t *eventsTable) append(o origin, r *row) {
	t.stream.Append(o.stream)
	t.cell.Append(o.cell)
	t.epoch.Append(o.epoch)
	t.batchLo.Append(o.lo)
	t.seq.Append(r.seq)
	t.storedAt.Append(at(r.storedAt))
	t.subject.Append(r.subject)
	t.headers.AppendKV(sortedPairs(r.rest))
	t.headersRaw.AppendBytes(r.headersRaw)
	t.data.AppendBytes(r.data)
	t.leaf.Append(r.leaf[:])
	t.chain.Append(r.chain[:])
	t.decoded.Append(bit(r.decoded))
	t.appendEnvelope(r)
	t.appendNames(r)
	t.appendJudgement(r)
}

func (t *eventsTable) appendEnvelope(r *row) {
	t.eventID.Append(r.ev.ID)
	t.source.Append(r.ev.Source)
	t.eventType.Append(r.ev.Type)
	t.eventTime.Append(at(r.ev.Time))
	t.about.Append(r.ev.Subject)
	t.causation.Append(r.ev.CausationID)
	t.traceID.Append(traceID(r.ev.TraceParent))
	t.replyTo.Append(r.ev.ReplyTo)
	t.policyVersion.Append(r.ev.PolicyVersion)
}

func (t *eventsTable) appendNames(r *row) {
	t.kind.Append(r.kind)
	t.event.Append(r.event)
	t.actorKind.Append(r.actorKind)
	t.actor.Append(r.actor)
	t.agent.Append(r.agent)
	t.action.Append(r.action)
	t.actionSeq.Append(r.actionSeq)
	t.request.Append(r.request)
	t.group.Append(r.group)
	t.channel.Append(r.channel)
	t.approver.Append(r.approver)
	t.tool.Append(r.tool)
	t.breakpoint.Append(r.breakpoint)
	t.targetKind.Append(r.targetKind)
	t.targetName.Append(r.targetName)
	t.env.Append(r.targetEnv)
	t.session.Append(r.session)
	t.principal.Append(r.principal)
}

func (t *eventsTable) appendJudgement(r *row) {
	t.level.Append(r.level)
	t.score.Append(r.score)
	t.denied.Append(bit(r.denied))
	t.review.Append(bit(r.review))
	t.outcome.Append(r.outcome)
	t.decidedBy.Append(r.decidedBy)
	t.verdict.Append(r.verdict)
	t.reason.Append(r.reason)
	t.digest.Append(r.digest)
	t.argsHash.Append(r.argsHash)
	t.tier.Append(r.tier)
	t.quorum.Append(r.quorum)
	t.items.Append(r.items)
	t.approvers.Append(r.approvers)
	t.rules.Append(r.rules)
}
