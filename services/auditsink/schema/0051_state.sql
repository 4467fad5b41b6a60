CREATE TABLE IF NOT EXISTS typed_items
(
    cell    LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent   LowCardinality(String) COMMENT 'Agent of the action',
    action  String COMMENT 'Action' CODEC(ZSTD(1)),
    request String COMMENT 'Request on whose card it stands' CODEC(ZSTD(1)),
    `group` LowCardinality(String) COMMENT 'Group that the request was put before',
    at      DateTime64(9, 'UTC') COMMENT 'When the stream stored the card' CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (cell, agent, action, request, at)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Which action stands on which card; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_items TO typed_items COMMENT 'Fills typed_items' AS
SELECT cell, splitByChar('/', item)[1] AS agent, splitByChar('/', item)[2] AS action, request, `group`, stored_at AS at
FROM events ARRAY JOIN items AS item WHERE kind = 'approvals' AND event IN ('approval.requested', 'approval.revised');

CREATE TABLE IF NOT EXISTS typed_state
(
    cell               LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent              String COMMENT 'Agent of the action' CODEC(ZSTD(1)),
    action             String COMMENT 'Action' CODEC(ZSTD(1)),
    tool               SimpleAggregateFunction(max, String) COMMENT 'Tool' CODEC(ZSTD(1)),
    principal          SimpleAggregateFunction(max, String) COMMENT 'On whose behalf' CODEC(ZSTD(1)),
    session            SimpleAggregateFunction(max, String) COMMENT 'Piece of work it belongs to' CODEC(ZSTD(1)),
    target_kind        SimpleAggregateFunction(max, String) COMMENT 'Kind of what it acts on' CODEC(ZSTD(1)),
    target_name        SimpleAggregateFunction(max, String) COMMENT 'Name of what it acts on' CODEC(ZSTD(1)),
    level              AggregateFunction(argMin, String, DateTime64(9, 'UTC')) COMMENT 'Level of the first assessment' CODEC(ZSTD(1)),
    score              AggregateFunction(argMin, Int16, DateTime64(9, 'UTC')) COMMENT 'Score of the first assessment' CODEC(ZSTD(1)),
    assessment_reason  AggregateFunction(argMin, String, DateTime64(9, 'UTC')) COMMENT 'Reason of the first assessment' CODEC(ZSTD(1)),
    request            AggregateFunction(argMin, String, DateTime64(9, 'UTC')) COMMENT 'First request' CODEC(ZSTD(1)),
    `group`            AggregateFunction(argMin, String, DateTime64(9, 'UTC')) COMMENT 'Group that was asked first' CODEC(ZSTD(1)),
    outcome            SimpleAggregateFunction(max, String) COMMENT 'Of the decision' CODEC(ZSTD(1)),
    decided_by         SimpleAggregateFunction(max, String) COMMENT 'policy, approvers, timeout, agent, plan, grant' CODEC(ZSTD(1)),
    approvers          SimpleAggregateFunction(max, Array(String)) COMMENT 'People whose verdicts decided' CODEC(ZSTD(1)),
    reason             SimpleAggregateFunction(max, String) COMMENT 'Reason of the decision' CODEC(ZSTD(1)),
    receipt            SimpleAggregateFunction(max, String) COMMENT 'succeeded or failed' CODEC(ZSTD(1)),
    proposed_at        SimpleAggregateFunction(max, DateTime64(9, 'UTC')) COMMENT 'When it was proposed; 1970 where that is not in the audit' CODEC(ZSTD(1)),
    assessed_at        SimpleAggregateFunction(min, DateTime64(9, 'UTC')) COMMENT 'When it was first scored; 2261 where it was not' CODEC(ZSTD(1)),
    requested_at       SimpleAggregateFunction(min, DateTime64(9, 'UTC')) COMMENT 'When people were first asked; 2261 where nobody was' CODEC(ZSTD(1)),
    decided_at         SimpleAggregateFunction(max, DateTime64(9, 'UTC')) COMMENT 'When it was decided; 1970 where it is not' CODEC(ZSTD(1)),
    executed_at        SimpleAggregateFunction(min, DateTime64(9, 'UTC')) COMMENT 'When the first receipt came; 2261 without one' CODEC(ZSTD(1)),
    INDEX ix_decided decided_at TYPE minmax GRANULARITY 4,
    INDEX ix_action action TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (cell, agent, action)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'One row per action, by merges that may be repeated: an event that comes twice changes nothing';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_state TO typed_state COMMENT 'Fills typed_state with what happens to single actions' AS
WITH toDateTime64('2261-01-01 00:00:00', 9, 'UTC') AS never, kind = 'actions' AS p, kind = 'assessments' AS a, kind = 'decisions' AS d, kind = 'receipts' AS r
SELECT cell, toString(e.agent) AS agent, action, maxIf(toString(e.tool), p) AS tool, maxIf(toString(e.principal), p) AS principal, maxIf(e.session, p) AS session,
    maxIf(toString(e.target_kind), p) AS target_kind, maxIf(e.target_name, p) AS target_name,
    argMinStateIf(toString(e.level), e.stored_at, a) AS level, argMinStateIf(e.score, e.stored_at, a) AS score, argMinStateIf(e.reason, e.stored_at, a) AS assessment_reason,
    argMinStateIf(e.request, e.stored_at, d AND e.request != '') AS request, argMinStateIf('', e.stored_at, 0) AS `group`,
    maxIf(toString(e.outcome), d) AS outcome, maxIf(toString(e.decided_by), d) AS decided_by, maxIf(e.approvers, d) AS approvers, maxIf(e.reason, d) AS reason,
    maxIf(toString(e.outcome), r) AS receipt, maxIf(e.stored_at, p) AS proposed_at, min(if(a, e.stored_at, never)) AS assessed_at,
    min(never) AS requested_at, maxIf(e.stored_at, d) AS decided_at, min(if(r, e.stored_at, never)) AS executed_at
FROM events AS e WHERE kind IN ('actions', 'assessments', 'decisions', 'receipts') GROUP BY cell, agent, action;

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_state_asked TO typed_state COMMENT 'Fills typed_state with who was asked about actions' AS
WITH toDateTime64('2261-01-01 00:00:00', 9, 'UTC') AS never, toDateTime64(0, 9, 'UTC') AS none
SELECT cell, splitByChar('/', item)[1] AS agent, splitByChar('/', item)[2] AS action, '' AS tool, '' AS principal, '' AS session, '' AS target_kind, '' AS target_name,
    argMinStateIf('', e.stored_at, 0) AS level, argMinStateIf(toInt16(-1), e.stored_at, 0) AS score, argMinStateIf('', e.stored_at, 0) AS assessment_reason,
    argMinState(e.request, e.stored_at) AS request, argMinState(toString(e.`group`), e.stored_at) AS `group`,
    '' AS outcome, '' AS decided_by, CAST([], 'Array(String)') AS approvers, '' AS reason, '' AS receipt, none AS proposed_at, never AS assessed_at,
    min(e.stored_at) AS requested_at, none AS decided_at, never AS executed_at
FROM events AS e ARRAY JOIN items AS item WHERE kind = 'approvals' AND event = 'approval.requested' GROUP BY cell, agent, action;
