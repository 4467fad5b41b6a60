CREATE TABLE IF NOT EXISTS events_rare
(
    stream    LowCardinality(String) COMMENT 'JetStream stream; with epoch and seq the identity of the event',
    epoch     UInt64 COMMENT 'When the stream was created, Unix nanoseconds: a stream made anew counts from 1 again',
    seq       UInt64 COMMENT 'Sequence in the stream',
    stored_at DateTime64(9, 'UTC') COMMENT 'When the stream stored the event; the only clock that all events share',
    cell      LowCardinality(String) COMMENT 'Prefix of the pipeline',
    kind      LowCardinality(String) COMMENT 'Second token of the subject: approvals, attention, grants, verdicts',
    event     LowCardinality(String) COMMENT 'Type in short: approval.requested, verdict.cast, grant.used, …',
    agent     LowCardinality(String) COMMENT 'Agent of the action, from the subject',
    action    String COMMENT 'Action, unique within its agent, from the subject',
    request   String COMMENT 'Approval request',
    `group`   LowCardinality(String) COMMENT 'Group of approvers that the request is before',
    channel   LowCardinality(String) COMMENT 'Channel of a verdict, from the subject',
    approver  LowCardinality(String) COMMENT 'Approver of a verdict, from the subject',
    verdict   LowCardinality(String) COMMENT 'approve, reject; mixed where items were answered differently',
    outcome   LowCardinality(String) COMMENT 'Refused verdict: the code; attention: delivered, opened, evidence',
    level     LowCardinality(String) COMMENT 'low, medium, high',
    score     Int16 COMMENT 'Risk 0 to 100; -1 where the event has none',
    reason    String COMMENT 'Reason, comment, error or headline, whichever the event has',
    digest    String COMMENT 'Digest of the action, or of the card for requests and verdicts',
    tier      Int16 COMMENT 'Tier of the escalation path; -1 where the event has none',
    quorum    Int16 COMMENT 'How many approvers a request needs; -1 where the event has none',
    items     Array(String) COMMENT 'Actions on the request''s card, as agent/action',
    data      String COMMENT 'Exact bytes of the data; covered by leaf_hash'
)
ENGINE = Null
COMMENT 'Hands events of the rarer kinds on to the views that fill typed tables with them, and keeps nothing';

CREATE MATERIALIZED VIEW IF NOT EXISTS rare_to_typed_requests TO typed_requests COMMENT 'Fills typed_requests' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, toUInt16(greatest(1, JSONExtractUInt(data, 'card', 'version'))) AS version, `group`,
    JSONExtractString(data, 'card', 'route') AS route, reason AS headline, level, score, quorum, items, digest,
    parseDateTime64BestEffortOrZero(JSONExtractString(data, 'card', 'endsAt'), 3, 'UTC') AS ends_at
FROM events_rare WHERE kind = 'approvals' AND event IN ('approval.requested', 'approval.revised');

CREATE MATERIALIZED VIEW IF NOT EXISTS rare_to_typed_verdicts TO typed_verdicts COMMENT 'Fills typed_verdicts' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, approver, channel, verdict, reason AS comment, digest
FROM events_rare WHERE kind = 'verdicts';

CREATE MATERIALIZED VIEW IF NOT EXISTS rare_to_typed_refusals TO typed_refusals COMMENT 'Fills typed_refusals' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, approver, channel, JSONExtractUInt(data, 'sequence') AS verdict_seq, outcome AS code,
    reason
FROM events_rare WHERE kind = 'approvals' AND event = 'verdict.refused';

CREATE MATERIALIZED VIEW IF NOT EXISTS rare_to_typed_escalations TO typed_escalations COMMENT 'Fills typed_escalations' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, substring(event, 10) AS step, `group`, JSONExtractString(data, 'fromGroup') AS from_group,
    tier, reason
FROM events_rare WHERE kind = 'approvals' AND event IN ('approval.reminded', 'approval.escalated');

CREATE MATERIALIZED VIEW IF NOT EXISTS rare_to_typed_attention TO typed_attention COMMENT 'Fills typed_attention' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, approver, channel, outcome AS sight, reason AS evidence
FROM events_rare WHERE kind = 'attention';

CREATE MATERIALIZED VIEW IF NOT EXISTS rare_to_typed_grants TO typed_grants COMMENT 'Fills typed_grants' AS
SELECT cell, stream, epoch, seq, stored_at AS at, JSONExtractString(data, 'grant') AS `grant`, substring(event, 7) AS step, approver,
    JSONExtractString(data, 'person') AS person, channel, `group`, JSONExtractString(data, 'route') AS route,
    JSONExtractString(data, 'tool') AS tool, JSONExtractString(data, 'ofAgent') AS of_agent, JSONExtractString(data, 'onBehalfOf') AS on_behalf_of,
    agent, action, parseDateTime64BestEffortOrZero(JSONExtractString(data, 'expires'), 3, 'UTC') AS expires,
    toUInt32(JSONExtractUInt(data, 'uses')) AS uses, toUInt32(JSONExtractUInt(data, 'usesLeft')) AS uses_left,
    JSONExtractFloat(data, 'amount') AS amount, JSONExtractString(data, 'currency') AS currency, request, JSONExtractString(data, 'by') AS `by`
FROM events_rare WHERE kind = 'grants';

CREATE MATERIALIZED VIEW IF NOT EXISTS rare_to_typed_items TO typed_items COMMENT 'Fills typed_items' AS
SELECT cell, splitByChar('/', item)[1] AS agent, splitByChar('/', item)[2] AS action, request, `group`, stored_at AS at
FROM events_rare ARRAY JOIN items AS item WHERE kind = 'approvals' AND event IN ('approval.requested', 'approval.revised');

CREATE MATERIALIZED VIEW IF NOT EXISTS rare_to_typed_state_asked TO typed_state COMMENT 'Fills typed_state with who was asked about actions' AS
WITH toDateTime64('2261-01-01 00:00:00', 9, 'UTC') AS never, toDateTime64(0, 9, 'UTC') AS none
SELECT cell, splitByChar('/', item)[1] AS agent, splitByChar('/', item)[2] AS action, '' AS tool, '' AS principal, '' AS session, '' AS target_kind, '' AS target_name,
    argMinStateIf('', e.stored_at, 0) AS level, argMinStateIf(toInt16(-1), e.stored_at, 0) AS score, argMinStateIf('', e.stored_at, 0) AS assessment_reason,
    argMinState(e.request, e.stored_at) AS request, argMinState(toString(e.`group`), e.stored_at) AS `group`,
    '' AS outcome, '' AS decided_by, CAST([], 'Array(String)') AS approvers, '' AS reason, '' AS receipt, none AS proposed_at, never AS assessed_at,
    min(e.stored_at) AS requested_at, none AS decided_at, never AS executed_at
FROM events_rare AS e ARRAY JOIN items AS item WHERE kind = 'approvals' AND event = 'approval.requested' GROUP BY cell, agent, action;

CREATE MATERIALIZED VIEW IF NOT EXISTS to_events_rare TO events_rare COMMENT 'Fills typed tables with the rarer kinds of events' AS
SELECT stream, epoch, seq, stored_at, cell, kind, event, agent, action, request, `group`, channel, approver, verdict, outcome, level, score, reason, digest, tier, quorum, items, data
FROM events WHERE kind IN ('approvals', 'attention', 'grants', 'verdicts');

DROP VIEW IF EXISTS to_typed_requests;

DROP VIEW IF EXISTS to_typed_verdicts;

DROP VIEW IF EXISTS to_typed_refusals;

DROP VIEW IF EXISTS to_typed_escalations;

DROP VIEW IF EXISTS to_typed_attention;

DROP VIEW IF EXISTS to_typed_grants;

DROP VIEW IF EXISTS to_typed_items;

DROP VIEW IF EXISTS to_typed_state_asked
