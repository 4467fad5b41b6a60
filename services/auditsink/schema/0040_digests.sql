CREATE TABLE IF NOT EXISTS digests
(
    stream      LowCardinality(String) COMMENT 'JetStream stream',
    epoch       UInt64 COMMENT 'When the stream was created, Unix nanoseconds',
    lo          UInt64 COMMENT 'First sequence of the batch',
    hi          UInt64 COMMENT 'Last sequence of the batch',
    n           UInt64 COMMENT 'Events in the batch',
    at          DateTime64(9, 'UTC') COMMENT 'When the stream stored the batch''s last event',
    root        FixedString(64) COMMENT 'RFC 6962 Merkle root over (sequence, leaf_hash), in hex',
    chain       FixedString(64) COMMENT 'chain_hash of the last event, in hex',
    previous    FixedString(64) COMMENT 'Hash of the stream''s digest before this one, in hex',
    hash        FixedString(64) COMMENT 'Hash of this digest, in hex',
    key         FixedString(64) COMMENT 'Public key of the signature, in hex',
    signature   String COMMENT 'Ed25519 over the digest, in hex',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When ClickHouse took the row'
)
ENGINE = ReplacingMergeTree
ORDER BY (stream, epoch, lo, hash, key)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What the sink signed: one row per batch. The stream PROOFS holds the same outside of ClickHouse, and is what verify believes'
