CREATE OR REPLACE VIEW reviews
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    review String COMMENT 'Review',
    `group` LowCardinality(String) COMMENT 'Group that looks at it',
    opened_at DateTime64(9, 'UTC') COMMENT 'When it was opened',
    actions UInt64 COMMENT 'Medium actions of its time',
    items UInt64 COMMENT 'Of these, how many are to be looked at',
    flagged UInt64 COMMENT 'Of these, how many were flagged',
    answers UInt64 COMMENT 'Answers of reviewers that count',
    items_left UInt64 COMMENT 'Items that nobody has marked yet',
    reviewers Array(String) COMMENT 'People who answered'
)
COMMENT 'What went through by itself and was looked at afterwards: one row per review'
AS SELECT o.cell AS cell, o.review AS review, any(o.`group`) AS `group`, min(o.stored_at) AS opened_at,
    any(JSONExtractUInt(o.data, 'card', 'actions')) AS actions, any(JSONLength(o.data, 'card', 'items')) AS items,
    any(f.n) AS flagged, any(m.n) AS answers, if(answers = 0, items, any(m.items_left)) AS items_left, any(m.people) AS reviewers
FROM (SELECT cell, stored_at, `group`, data, JSONExtractString(data, 'review') AS review FROM events WHERE kind = 'reviews' AND event = 'review.opened') AS o
LEFT JOIN (SELECT cell, JSONExtractString(data, 'review') AS review, uniqExact(agent, action) AS n FROM events
    WHERE kind = 'reviews' AND event = 'review.flagged' GROUP BY cell, review) AS f ON f.cell = o.cell AND f.review = o.review
LEFT JOIN (SELECT cell, JSONExtractString(data, 'review') AS review, uniqExact(JSONExtractUInt(data, 'sequence')) AS n,
    argMax(JSONExtractUInt(data, 'left'), JSONExtractUInt(data, 'sequence')) AS items_left, arraySort(groupUniqArray(JSONExtractString(data, 'person'))) AS people FROM events
    WHERE kind = 'reviews' AND event = 'review.marked' GROUP BY cell, review) AS m ON m.cell = o.cell AND m.review = o.review
GROUP BY o.cell, o.review;

CREATE OR REPLACE VIEW flags
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    review String COMMENT 'Review',
    agent LowCardinality(String) COMMENT 'Agent whose action was flagged',
    action String COMMENT 'Action that was flagged',
    tool LowCardinality(String) COMMENT 'Tool whose use scores higher for some time',
    approver LowCardinality(String) COMMENT 'Who flagged it',
    flagged_at DateTime64(9, 'UTC') COMMENT 'When',
    reason String COMMENT 'Why'
)
COMMENT 'Actions that reviewers flagged: one row per action and reviewer'
AS SELECT cell, JSONExtractString(data, 'review') AS review, agent, action, any(tool) AS tool, approver, min(stored_at) AS flagged_at, any(reason) AS reason
FROM events WHERE kind = 'reviews' AND event = 'review.flagged' GROUP BY cell, review, agent, action, approver;
