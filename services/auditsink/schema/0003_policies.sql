CREATE OR REPLACE VIEW policies
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    service LowCardinality(String) COMMENT 'Service that weighs by the policy',
    at DateTime64(9, 'UTC') COMMENT 'When it was stored',
    outcome LowCardinality(String) COMMENT 'loaded, or refused where the files cannot be used and the policy before stays',
    policy_version String COMMENT 'Hash of the policy in use from then on',
    previous String COMMENT 'Hash of the policy before; empty at the start of a service',
    files Array(String) COMMENT 'Files, as the setting names them',
    reason String COMMENT 'Why the files were refused',
    stream LowCardinality(String) COMMENT 'Stream of the event',
    seq UInt64 COMMENT 'Sequence of the event'
)
COMMENT 'Which policy was in use: one row for each time its files were read'
AS SELECT cell, actor AS service, stored_at AS at, if(event = 'policy.loaded', 'loaded', 'refused') AS outcome, policy_version,
    JSONExtractString(data, 'previous') AS previous, JSONExtract(data, 'files', 'Array(String)') AS files, reason, stream, seq
FROM events FINAL WHERE kind = 'policies';
