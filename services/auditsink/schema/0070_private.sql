CREATE TABLE IF NOT EXISTS private_values
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent LowCardinality(String) COMMENT 'Agent whose action it belongs to, vouched for by the server',
    action String COMMENT 'Action it belongs to',
    principal String COMMENT 'On whose behalf the agent acted, as it says: the subject of the data',
    pointer String COMMENT 'Where in the action it belongs: a JSON pointer',
    commitment String COMMENT 'What stands in the event in its place; computed from the value, not taken from the agent',
    salt String COMMENT 'What the commitment was made with, in hex',
    value String COMMENT 'The value, as JSON' CODEC(ZSTD(3)),
    stored_at DateTime64(9, 'UTC') COMMENT 'When the stream stored it',
    epoch UInt64 COMMENT 'When the stream was made, in Unix nanoseconds',
    seq UInt64 COMMENT 'Its sequence in the stream'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(stored_at)
ORDER BY (cell, agent, action, commitment)
SETTINGS non_replicated_deduplication_window = 10000, old_parts_lifetime = 1, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Private values of actions, one row each. Not part of the evidence: rows are erased on request and when they have outlived their retention';

CREATE OR REPLACE VIEW erasures
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    erasure String COMMENT 'The question',
    auditor String COMMENT 'Who asked',
    erased_at DateTime64(9, 'UTC') COMMENT 'When it was done',
    principal String COMMENT 'Whose values were to go; empty where single actions were named',
    reason String COMMENT 'Why',
    actions UInt64 COMMENT 'Actions whose values are gone',
    commitments Array(String) COMMENT 'Commitments that have no value any more',
    held UInt64 COMMENT 'Actions that keep their values because of a legal hold'
)
COMMENT 'What private values were erased, and who asked: one row per erasure'
AS SELECT cell, JSONExtractString(data, 'erasure') AS erasure, JSONExtractString(data, 'auditor') AS auditor, min(stored_at) AS erased_at,
    any(JSONExtractString(data, 'principal')) AS principal, any(JSONExtractString(data, 'reason')) AS reason,
    any(JSONLength(data, 'items')) AS actions,
    any(arrayFlatten(arrayMap(item -> JSONExtract(item, 'commitments', 'Array(String)'), JSONExtractArrayRaw(data, 'items')))) AS commitments,
    any(JSONExtractUInt(data, 'held')) AS held
FROM events WHERE kind = 'erasures' GROUP BY cell, auditor, erasure;
