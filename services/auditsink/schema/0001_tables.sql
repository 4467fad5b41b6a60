CREATE TABLE IF NOT EXISTS events
(
    stream             LowCardinality(String) COMMENT 'JetStream stream; with epoch and seq the identity of the event',
    epoch              UInt64 COMMENT 'When the stream was created, Unix nanoseconds: a stream made anew counts from 1 again' CODEC(Delta(8), ZSTD(1)),
    seq                UInt64 COMMENT 'Sequence in the stream' CODEC(Delta(8), ZSTD(1)),
    stored_at          DateTime64(9, 'UTC') COMMENT 'When the stream stored the event; the only clock that all events share' CODEC(Delta(8), ZSTD(1)),
    subject            String COMMENT 'NATS subject; what the server''s permissions vouch for' CODEC(ZSTD(1)),
    cell               LowCardinality(String) COMMENT 'Prefix of the pipeline',
    kind               LowCardinality(String) COMMENT 'Second token of the subject: actions, withdrawals, receipts, assessments, approvals, verdicts, decisions, dead',
    event              LowCardinality(String) COMMENT 'Type in short: action.proposed, action.assessed, approval.requested, verdict.cast, decision.made, …',
    event_id           String COMMENT 'CloudEvents id' CODEC(ZSTD(1)),
    source             LowCardinality(String) COMMENT 'CloudEvents source, as claimed by the producer',
    type               LowCardinality(String) COMMENT 'CloudEvents type, as claimed by the producer',
    event_time         DateTime64(6, 'UTC') COMMENT 'CloudEvents time, as claimed by the producer; 1970 where it claims none' CODEC(Delta(8), ZSTD(1)),
    about              String COMMENT 'CloudEvents subject' CODEC(ZSTD(1)),
    causation_id       String COMMENT 'Id of the event that led to this one' CODEC(ZSTD(1)),
    trace_id           String COMMENT 'W3C trace id, 32 hex digits' CODEC(ZSTD(1)),
    reply_to           String COMMENT 'Where the agent waits for its decision' CODEC(ZSTD(1)),
    policy_version     LowCardinality(String) COMMENT 'Hash of the policy that was used',
    actor_kind         LowCardinality(String) COMMENT 'Who caused the event: agent, approver, service',
    actor              LowCardinality(String) COMMENT 'Name of the one who caused it; from the subject for agents and approvers',
    agent              LowCardinality(String) COMMENT 'Agent of the action, from the subject',
    action             String COMMENT 'Action, unique within its agent, from the subject' CODEC(ZSTD(1)),
    action_seq         UInt64 COMMENT 'Sequence of the proposed action that an assessment or decision is about; 0 for none' CODEC(ZSTD(1)),
    request            String COMMENT 'Approval request' CODEC(ZSTD(1)),
    `group`            LowCardinality(String) COMMENT 'Group of approvers that the request is before',
    channel            LowCardinality(String) COMMENT 'Channel of a verdict, from the subject',
    approver           LowCardinality(String) COMMENT 'Approver of a verdict, from the subject',
    tool               LowCardinality(String) COMMENT 'Tool the agent wants to use',
    breakpoint         LowCardinality(String) COMMENT 'plan, tool_call, computer_use, subtask, final_review',
    target_kind        LowCardinality(String) COMMENT 'Kind of what the action acts on',
    target_name        String COMMENT 'Name of what the action acts on' CODEC(ZSTD(1)),
    target_environment LowCardinality(String) COMMENT 'production, test, …',
    session            String COMMENT 'Piece of work the action belongs to' CODEC(ZSTD(1)),
    principal          LowCardinality(String) COMMENT 'On whose behalf the agent acts',
    level              LowCardinality(String) COMMENT 'low, medium, high',
    score              Int16 COMMENT 'Risk 0 to 100; -1 where the event has none',
    denied             UInt8 COMMENT '1 where the policy denies the action',
    review             UInt8 COMMENT '1 where a decision is to be looked at afterwards',
    outcome            LowCardinality(String) COMMENT 'Decision: approved, rejected, expired, withdrawn, denied. Receipt: succeeded, failed. Refused verdict: the code',
    decided_by         LowCardinality(String) COMMENT 'policy, approvers, timeout, agent',
    verdict            LowCardinality(String) COMMENT 'approve, reject; mixed where items were answered differently',
    reason             String COMMENT 'Reason, comment, error or headline, whichever the event has' CODEC(ZSTD(1)),
    digest             String COMMENT 'Digest of the action, or of the card for requests and verdicts' CODEC(ZSTD(1)),
    arguments_digest   String COMMENT 'Digest of the arguments' CODEC(ZSTD(1)),
    tier               Int16 COMMENT 'Tier of the escalation path; -1 where the event has none',
    quorum             Int16 COMMENT 'How many approvers a request needs; -1 where the event has none',
    items              Array(String) COMMENT 'Actions on the request''s card, as agent/action' CODEC(ZSTD(1)),
    approvers          Array(String) COMMENT 'People whose verdicts made the decision' CODEC(ZSTD(1)),
    rules              Array(String) COMMENT 'Rules that fired, the heaviest first' CODEC(ZSTD(1)),
    headers            Map(String, String) COMMENT 'Headers that have no column' CODEC(ZSTD(1)),
    headers_raw        String COMMENT 'All headers as name:value CR LF, sorted by name; covered by leaf_hash' CODEC(ZSTD(1)),
    data               String COMMENT 'Exact bytes of the data; covered by leaf_hash' CODEC(ZSTD(1)),
    leaf_hash          FixedString(32) COMMENT 'SHA-256 of ''weighlock.leaf.v1\n'' and subject, headers_raw and data, each as length:bytes' CODEC(NONE),
    chain_hash         FixedString(32) COMMENT 'SHA-256 of the previous row''s chain_hash, seq as 8 big-endian bytes, leaf_hash' CODEC(NONE),
    batch_lo           UInt64 COMMENT 'First sequence of the insert that wrote the row' CODEC(Delta(8), ZSTD(1)),
    decoded            UInt8 COMMENT '0 where the event could not be decoded: see dead_letters',
    ingested_at        DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When ClickHouse took the row' CODEC(Delta(8), ZSTD(1)),
    INDEX ix_action action TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ix_request request TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ix_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ix_kind kind TYPE set(16) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(stored_at)
PRIMARY KEY (stream, epoch, seq)
ORDER BY (stream, epoch, seq, leaf_hash)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Every event of the audited streams, once, with its exact bytes. leaf_hash ends the sorting key: an identical row collapses, a forged one stays visible beside the original';

CREATE TABLE IF NOT EXISTS dead_letters
(
    stream           LowCardinality(String) COMMENT 'Stream of the event in the table events that this letter belongs to',
    epoch            UInt64 COMMENT 'Epoch of that event',
    seq              UInt64 COMMENT 'Sequence of that event',
    stored_at        DateTime64(9, 'UTC') COMMENT 'When the stream stored that event',
    subject          String COMMENT 'Subject of that event',
    service          LowCardinality(String) COMMENT 'Service that could not handle the message; auditsink: it could not be decoded',
    reason           String COMMENT 'Why',
    origin_stream    LowCardinality(String) COMMENT 'Stream of the message that could not be handled',
    origin_seq       UInt64 COMMENT 'Its sequence',
    origin_subject   String COMMENT 'Its subject',
    origin_stored_at DateTime64(9, 'UTC') COMMENT 'When its stream stored it',
    origin_headers   String COMMENT 'Its headers as name:value CR LF, sorted by name',
    origin_data      String COMMENT 'Its bytes; empty where they were too long for the letter' CODEC(ZSTD(3)),
    origin_size      UInt64 COMMENT 'How many bytes it has',
    origin_digest    String COMMENT 'SHA-256 of its bytes',
    leaf_hash        FixedString(32) COMMENT 'leaf_hash of the event in the table events',
    ingested_at      DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When ClickHouse took the row'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(stored_at)
ORDER BY (stream, epoch, seq, leaf_hash)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Messages that a service could not handle or the sink could not decode';
