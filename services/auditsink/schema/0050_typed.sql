CREATE TABLE IF NOT EXISTS typed_actions
(
    cell               LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream             LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch              UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq                UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at                 DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    agent              LowCardinality(String) COMMENT 'Agent that proposed the action',
    action             String COMMENT 'Action, unique within its agent' CODEC(ZSTD(1)),
    tool               LowCardinality(String) COMMENT 'Tool the agent wants to use',
    breakpoint         LowCardinality(String) COMMENT 'Where in its work the agent paused',
    target_kind        LowCardinality(String) COMMENT 'Kind of what it acts on',
    target_name        String COMMENT 'Name of what it acts on' CODEC(ZSTD(1)),
    target_environment LowCardinality(String) COMMENT 'Environment of what it acts on',
    principal          LowCardinality(String) COMMENT 'On whose behalf',
    session            String COMMENT 'Piece of work it belongs to' CODEC(ZSTD(1)),
    steps              UInt32 COMMENT 'Steps of its plan' CODEC(ZSTD(1)),
    INDEX ix_at at TYPE minmax GRANULARITY 1,
    INDEX ix_action action TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Proposed actions, without their texts: those are in events; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_actions TO typed_actions COMMENT 'Fills typed_actions' AS
SELECT cell, stream, epoch, seq, stored_at AS at, agent, action, tool, breakpoint, target_kind, target_name, target_environment, principal, session,
    toUInt32(JSONLength(data, 'plan')) AS steps
FROM events WHERE kind = 'actions';

CREATE TABLE IF NOT EXISTS typed_assessments
(
    cell           LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream         LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch          UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq            UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at             DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    agent          LowCardinality(String) COMMENT 'Agent of the action',
    action         String COMMENT 'Action that was assessed' CODEC(ZSTD(1)),
    level          LowCardinality(String) COMMENT 'low, medium, high',
    score          Int16 COMMENT 'Risk 0 to 100',
    denied         UInt8 COMMENT '1 where the policy denies it',
    reason         String COMMENT 'Why' CODEC(ZSTD(1)),
    rules          Array(LowCardinality(String)) COMMENT 'Rules that fired, the heaviest first',
    policy_version LowCardinality(String) COMMENT 'Hash of the policy',
    tool           LowCardinality(String) COMMENT 'Tool',
    action_seq     UInt64 COMMENT 'Sequence of the action' CODEC(ZSTD(1)),
    INDEX ix_at at TYPE minmax GRANULARITY 1,
    INDEX ix_action action TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Assessments of actions; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_assessments TO typed_assessments COMMENT 'Fills typed_assessments' AS
SELECT cell, stream, epoch, seq, stored_at AS at, agent, action, level, score, denied, reason, rules, policy_version, tool, action_seq
FROM events WHERE kind = 'assessments';

CREATE TABLE IF NOT EXISTS typed_requests
(
    cell     LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream   LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch    UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq      UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at       DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    request  String COMMENT 'Request' CODEC(ZSTD(1)),
    version  UInt16 COMMENT 'Version of the card, from 1',
    `group`  LowCardinality(String) COMMENT 'Group it was put before',
    route    LowCardinality(String) COMMENT 'Route that put it there',
    headline String COMMENT 'What the card asks for' CODEC(ZSTD(1)),
    level    LowCardinality(String) COMMENT 'Level of the riskiest item',
    score    Int16 COMMENT 'Score of the riskiest item',
    quorum   Int16 COMMENT 'How many approvers it needs',
    items    Array(String) COMMENT 'Actions on the card, as agent/action' CODEC(ZSTD(1)),
    digest   String COMMENT 'Digest of the card' CODEC(ZSTD(1)),
    ends_at  DateTime64(3, 'UTC') COMMENT 'By when people have to answer' CODEC(ZSTD(1)),
    INDEX ix_at at TYPE minmax GRANULARITY 1,
    INDEX ix_request request TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Versions of approval requests, without their cards: those are in events; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_requests TO typed_requests COMMENT 'Fills typed_requests' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, toUInt16(greatest(1, JSONExtractUInt(data, 'card', 'version'))) AS version, `group`,
    JSONExtractString(data, 'card', 'route') AS route, reason AS headline, level, score, quorum, items, digest,
    parseDateTime64BestEffortOrZero(JSONExtractString(data, 'card', 'endsAt'), 3, 'UTC') AS ends_at
FROM events WHERE kind = 'approvals' AND event IN ('approval.requested', 'approval.revised');

CREATE TABLE IF NOT EXISTS typed_verdicts
(
    cell     LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream   LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch    UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq      UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at       DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    request  String COMMENT 'Request that is answered' CODEC(ZSTD(1)),
    approver LowCardinality(String) COMMENT 'Who answered',
    channel  LowCardinality(String) COMMENT 'Through which channel',
    verdict  LowCardinality(String) COMMENT 'approve, reject, edit, respond, abstain, mixed',
    comment  String COMMENT 'The approver''s words' CODEC(ZSTD(1)),
    digest   String COMMENT 'Digest of the card the approver saw' CODEC(ZSTD(1)),
    INDEX ix_at at TYPE minmax GRANULARITY 1,
    INDEX ix_request request TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Verdicts, those that did not count included; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_verdicts TO typed_verdicts COMMENT 'Fills typed_verdicts' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, approver, channel, verdict, reason AS comment, digest
FROM events WHERE kind = 'verdicts';

CREATE TABLE IF NOT EXISTS typed_refusals
(
    cell        LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream      LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch       UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq         UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at          DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    request     String COMMENT 'Request that was answered' CODEC(ZSTD(1)),
    approver    LowCardinality(String) COMMENT 'Who answered',
    channel     LowCardinality(String) COMMENT 'Through which channel',
    verdict_seq UInt64 COMMENT 'Sequence of the verdict' CODEC(ZSTD(1)),
    code        LowCardinality(String) COMMENT 'Why it did not count, as a code',
    reason      String COMMENT 'Why it did not count' CODEC(ZSTD(1)),
    INDEX ix_at at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Verdicts that did not count, and why; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_refusals TO typed_refusals COMMENT 'Fills typed_refusals' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, approver, channel, JSONExtractUInt(data, 'sequence') AS verdict_seq, outcome AS code,
    reason
FROM events WHERE kind = 'approvals' AND event = 'verdict.refused';

CREATE TABLE IF NOT EXISTS typed_decisions
(
    cell             LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream           LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch            UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq              UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at               DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    agent            LowCardinality(String) COMMENT 'Agent of the action',
    action           String COMMENT 'Action that was decided' CODEC(ZSTD(1)),
    outcome          LowCardinality(String) COMMENT 'approved, rejected, expired, withdrawn, denied',
    reason           String COMMENT 'Why' CODEC(ZSTD(1)),
    decided_by       LowCardinality(String) COMMENT 'policy, approvers, timeout, agent, plan, grant',
    approvers        Array(LowCardinality(String)) COMMENT 'People whose verdicts made it',
    level            LowCardinality(String) COMMENT 'Level of the action',
    score            Int16 COMMENT 'Score of the action',
    review           UInt8 COMMENT '1 where it is to be looked at afterwards',
    request          String COMMENT 'Request that led here; empty where nobody was asked' CODEC(ZSTD(1)),
    arguments_digest String COMMENT 'Digest of the approved arguments' CODEC(ZSTD(1)),
    arguments_key    UInt64 COMMENT 'Short hash of arguments_digest, to compare many' CODEC(NONE),
    policy_version   LowCardinality(String) COMMENT 'Hash of the policy',
    action_seq       UInt64 COMMENT 'Sequence of the action' CODEC(ZSTD(1)),
    edited           UInt8 COMMENT '1 where other arguments were approved than proposed',
    guided           UInt8 COMMENT '1 where approvers told the agent what to do instead',
    valid_until      DateTime64(3, 'UTC') COMMENT 'When an approval loses its force; 1970 for never' CODEC(ZSTD(1)),
    `grant`          String COMMENT 'Grant by which it passed' CODEC(ZSTD(1)),
    plan             String COMMENT 'Plan as whose step it passed' CODEC(ZSTD(1)),
    INDEX ix_at at TYPE minmax GRANULARITY 1,
    INDEX ix_action action TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ix_request request TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Decisions; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_decisions TO typed_decisions COMMENT 'Fills typed_decisions' AS
SELECT cell, stream, epoch, seq, stored_at AS at, agent, action, outcome, reason, decided_by, approvers, level, score, review, request,
    arguments_digest, sipHash64(arguments_digest) AS arguments_key, policy_version, action_seq, JSONHas(data, 'arguments') AS edited,
    JSONHas(data, 'guidance') AS guided, parseDateTime64BestEffortOrZero(JSONExtractString(data, 'validUntil'), 3, 'UTC') AS valid_until,
    JSONExtractString(data, 'decidedBy', 'grant') AS `grant`, JSONExtractString(data, 'decidedBy', 'plan', 'action') AS plan
FROM events WHERE kind = 'decisions';

CREATE TABLE IF NOT EXISTS typed_escalations
(
    cell       LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream     LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch      UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq        UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at         DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    request    String COMMENT 'Request' CODEC(ZSTD(1)),
    step       LowCardinality(String) COMMENT 'reminded or escalated',
    `group`    LowCardinality(String) COMMENT 'Group that was told',
    from_group LowCardinality(String) COMMENT 'Group that had not answered; empty for reminders',
    tier       Int16 COMMENT 'Tier that was told, from 0',
    reason     String COMMENT 'Why' CODEC(ZSTD(1)),
    INDEX ix_at at TYPE minmax GRANULARITY 1,
    INDEX ix_request request TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Reminders and escalations of requests; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_escalations TO typed_escalations COMMENT 'Fills typed_escalations' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, substring(event, 10) AS step, `group`, JSONExtractString(data, 'fromGroup') AS from_group,
    tier, reason
FROM events WHERE kind = 'approvals' AND event IN ('approval.reminded', 'approval.escalated');

CREATE TABLE IF NOT EXISTS typed_receipts
(
    cell             LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream           LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch            UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq              UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at               DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    agent            LowCardinality(String) COMMENT 'Agent of the action',
    action           String COMMENT 'Action that ran' CODEC(ZSTD(1)),
    status           LowCardinality(String) COMMENT 'succeeded or failed',
    error            String COMMENT 'What went wrong' CODEC(ZSTD(1)),
    arguments_digest String COMMENT 'Digest of the arguments it ran with' CODEC(ZSTD(1)),
    arguments_key    UInt64 COMMENT 'Short hash of arguments_digest, to compare many' CODEC(NONE),
    INDEX ix_at at TYPE minmax GRANULARITY 1,
    INDEX ix_action action TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'What agents report to have done; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_receipts TO typed_receipts COMMENT 'Fills typed_receipts' AS
SELECT cell, stream, epoch, seq, stored_at AS at, agent, action, outcome AS status, reason AS error, arguments_digest,
    sipHash64(arguments_digest) AS arguments_key
FROM events WHERE kind = 'receipts';

CREATE TABLE IF NOT EXISTS typed_attention
(
    cell     LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream   LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch    UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq      UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at       DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    request  String COMMENT 'Request whose card it is' CODEC(ZSTD(1)),
    approver LowCardinality(String) COMMENT 'Who saw it',
    channel  LowCardinality(String) COMMENT 'Through which channel',
    sight    LowCardinality(String) COMMENT 'delivered, opened, evidence',
    evidence LowCardinality(String) COMMENT 'What was opened behind the card',
    INDEX ix_at at TYPE minmax GRANULARITY 1,
    INDEX ix_request request TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'What people saw of cards; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_attention TO typed_attention COMMENT 'Fills typed_attention' AS
SELECT cell, stream, epoch, seq, stored_at AS at, request, approver, channel, outcome AS sight, reason AS evidence
FROM events WHERE kind = 'attention';

CREATE TABLE IF NOT EXISTS typed_grants
(
    cell         LowCardinality(String) COMMENT 'Prefix of the pipeline',
    stream       LowCardinality(String) COMMENT 'Stream of the event in the table events',
    epoch        UInt64 COMMENT 'Epoch of that event' CODEC(Delta(8), ZSTD(1)),
    seq          UInt64 COMMENT 'Sequence of that event' CODEC(Delta(8), ZSTD(1)),
    at           DateTime64(9, 'UTC') COMMENT 'When the stream stored the event' CODEC(Delta(8), ZSTD(1)),
    `grant`      String COMMENT 'Grant' CODEC(ZSTD(1)),
    step         LowCardinality(String) COMMENT 'created, refused, used, revoked',
    approver     LowCardinality(String) COMMENT 'Account that gave it',
    person       LowCardinality(String) COMMENT 'Who is behind that account',
    channel      LowCardinality(String) COMMENT 'Through which channel',
    `group`      LowCardinality(String) COMMENT 'Group that could have approved what it lets pass',
    route        LowCardinality(String) COMMENT 'Route of the actions that it lets pass',
    tool         LowCardinality(String) COMMENT 'Tool of the example',
    of_agent     LowCardinality(String) COMMENT 'Agent that it is for; empty for any',
    on_behalf_of LowCardinality(String) COMMENT 'Principal that it is for; empty for any',
    agent        LowCardinality(String) COMMENT 'Agent of the action that passed',
    action       String COMMENT 'Action that passed' CODEC(ZSTD(1)),
    expires      DateTime64(3, 'UTC') COMMENT 'When it ends by itself' CODEC(ZSTD(1)),
    uses         UInt32 COMMENT 'How many actions may pass' CODEC(ZSTD(1)),
    uses_left    UInt32 COMMENT 'How many more may pass after a use' CODEC(ZSTD(1)),
    amount       Float64 COMMENT 'Money: that may be moved in all, or that a use moved' CODEC(ZSTD(1)),
    currency     LowCardinality(String) COMMENT 'Of the amount',
    request      String COMMENT 'Card on which it was given; empty for a command' CODEC(ZSTD(1)),
    `by`         LowCardinality(String) COMMENT 'Who ended it before its time',
    INDEX ix_at at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stream, epoch, seq)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Steps in the life of grants; made from events, once each with FINAL';

CREATE MATERIALIZED VIEW IF NOT EXISTS to_typed_grants TO typed_grants COMMENT 'Fills typed_grants' AS
SELECT cell, stream, epoch, seq, stored_at AS at, JSONExtractString(data, 'grant') AS `grant`, substring(event, 7) AS step, approver,
    JSONExtractString(data, 'person') AS person, channel, `group`, JSONExtractString(data, 'route') AS route,
    JSONExtractString(data, 'tool') AS tool, JSONExtractString(data, 'ofAgent') AS of_agent, JSONExtractString(data, 'onBehalfOf') AS on_behalf_of,
    agent, action, parseDateTime64BestEffortOrZero(JSONExtractString(data, 'expires'), 3, 'UTC') AS expires,
    toUInt32(JSONExtractUInt(data, 'uses')) AS uses, toUInt32(JSONExtractUInt(data, 'usesLeft')) AS uses_left,
    JSONExtractFloat(data, 'amount') AS amount, JSONExtractString(data, 'currency') AS currency, request, JSONExtractString(data, 'by') AS `by`
FROM events WHERE kind = 'grants';
