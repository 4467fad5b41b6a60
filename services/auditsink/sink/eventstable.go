package sink

import "github.com/ClickHouse/ch-go/proto"

type (
	strCol  = *textColumn
	lowCol  = *lowColumn
	u64Col  = *proto.ColUInt64
	i16Col  = *proto.ColInt16
	flagCol = *proto.ColUInt8
	timeCol = *proto.ColDateTime64
	hashCol = *proto.ColFixedStr
	listCol = *proto.ColArr[string]
)

// eventsTable collects rows of the table events; schema/0001_tables.sql says what each column is.
type eventsTable struct {
	table
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
	t := &eventsTable{table: table{name: "events"}}
	t.stream, t.epoch, t.seq, t.storedAt = t.low("stream"), t.u64("epoch"), t.u64("seq"), t.time("stored_at", proto.PrecisionNano)
	t.subject, t.cell, t.kind, t.event = t.str("subject"), t.low("cell"), t.low("kind"), t.low("event")
	t.eventID, t.source, t.eventType, t.eventTime = t.str("event_id"), t.low("source"), t.low("type"), t.time("event_time", proto.PrecisionMicro)
	t.about, t.causation, t.traceID, t.replyTo = t.str("about"), t.str("causation_id"), t.str("trace_id"), t.str("reply_to")
	t.policyVersion = t.low("policy_version")
	t.actorKind, t.actor, t.agent, t.action = t.low("actor_kind"), t.low("actor"), t.low("agent"), t.str("action")
	t.actionSeq, t.request, t.group, t.channel, t.approver = t.u64("action_seq"), t.str("request"), t.low("group"), t.low("channel"), t.low("approver")
	t.tool, t.breakpoint, t.targetKind, t.targetName = t.low("tool"), t.low("breakpoint"), t.low("target_kind"), t.str("target_name")
	t.env, t.session, t.principal = t.low("target_environment"), t.str("session"), t.low("principal")
	t.level, t.score, t.denied, t.review = t.low("level"), t.i16("score"), t.flag("denied"), t.flag("review")
	t.outcome, t.decidedBy, t.verdict, t.reason = t.low("outcome"), t.low("decided_by"), t.low("verdict"), t.str("reason")
	t.digest, t.argsHash = t.str("digest"), t.str("arguments_digest")
	t.tier, t.quorum = t.i16("tier"), t.i16("quorum")
	t.items, t.approvers, t.rules = t.list("items"), t.list("approvers"), t.list("rules")
	t.headers, t.headersRaw, t.data = t.pairs("headers"), t.str("headers_raw"), t.str("data")
	t.leaf, t.chain, t.batchLo, t.decoded = t.hash("leaf_hash"), t.hash("chain_hash"), t.u64("batch_lo"), t.flag("decoded")
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
