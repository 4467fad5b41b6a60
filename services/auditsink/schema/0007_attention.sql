CREATE OR REPLACE VIEW attention
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    request String COMMENT 'Request that was answered',
    approver LowCardinality(String) COMMENT 'Who answered',
    channel LowCardinality(String) COMMENT 'Through which channel',
    answered_at DateTime64(9, 'UTC') COMMENT 'When the answer was stored',
    verdict LowCardinality(String) COMMENT 'approve, reject, edit, respond, abstain, mixed',
    items UInt64 COMMENT 'Items on the card',
    delivered_at DateTime64(9, 'UTC') COMMENT 'When the card reached the person''s device; 1970 where that was not reported',
    opened_at DateTime64(9, 'UTC') COMMENT 'When the person had it before them first; 1970 where that was not reported',
    evidence UInt64 COMMENT 'How often the person looked behind the card before the answer',
    seconds Float64 COMMENT 'From opening the card, or else its announcement, to the answer'
)
COMMENT 'How attentively people answer: one row per verdict'
AS SELECT v.cell AS cell, v.request AS request, v.approver AS approver, v.channel AS channel, v.stored_at AS answered_at, v.verdict AS verdict,
    any(q.n) AS items, minIf(a.stored_at, a.outcome = 'delivered') AS delivered_at, minIf(a.stored_at, a.outcome = 'opened') AS opened_at,
    countIf(a.outcome = 'evidence' AND a.stored_at <= v.stored_at) AS evidence,
    if(countIf(a.outcome = 'opened' AND a.stored_at <= v.stored_at) > 0, toUnixTimestamp64Nano(v.stored_at) - toUnixTimestamp64Nano(minIf(a.stored_at, a.outcome = 'opened')),
        toUnixTimestamp64Nano(v.stored_at) - toUnixTimestamp64Nano(any(q.at))) / 1e9 AS seconds
FROM (SELECT DISTINCT cell, request, approver, channel, stored_at, verdict FROM events WHERE kind = 'verdicts') AS v
INNER JOIN (SELECT cell, request, min(stored_at) AS at, max(length(items)) AS n FROM events WHERE kind = 'approvals' AND event = 'approval.requested' GROUP BY cell, request) AS q
ON q.cell = v.cell AND q.request = v.request
LEFT JOIN (SELECT DISTINCT cell, request, approver, channel, outcome, stored_at FROM events WHERE kind = 'attention') AS a
ON a.cell = v.cell AND a.request = v.request AND a.approver = v.approver AND a.channel = v.channel
GROUP BY v.cell, v.request, v.approver, v.channel, v.stored_at, v.verdict;

CREATE OR REPLACE VIEW attention_warnings
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    person String COMMENT 'Who seems to wave cards through',
    route String COMMENT 'On which route',
    rule String COMMENT 'fast or load',
    detail String COMMENT 'What was noticed',
    consequence String COMMENT 'warn, second or rest',
    at DateTime64(9, 'UTC') COMMENT 'When',
    until DateTime64(3, 'UTC') COMMENT 'Until when that lasts',
    request String COMMENT 'Request whose answer led to it'
)
COMMENT 'Warnings that somebody waves cards through: one row per warning'
AS SELECT cell, JSONExtractString(data, 'person') AS person, JSONExtractString(data, 'route') AS route, any(JSONExtractString(data, 'rule')) AS rule, any(reason) AS detail,
    any(outcome) AS consequence, min(stored_at) AS at, any(parseDateTime64BestEffortOrZero(JSONExtractString(data, 'until'), 3, 'UTC')) AS until, any(request) AS request
FROM events WHERE kind = 'warnings' GROUP BY cell, person, route, JSONExtractUInt(data, 'sequence');
