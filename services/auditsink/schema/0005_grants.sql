CREATE OR REPLACE VIEW grants
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    grant String COMMENT 'Grant',
    approver LowCardinality(String) COMMENT 'Account that gave it',
    person String COMMENT 'Who is behind that account',
    channel LowCardinality(String) COMMENT 'Through which channel',
    `group` LowCardinality(String) COMMENT 'Group that could have approved what it lets pass',
    route String COMMENT 'Route of the actions that it lets pass',
    tool String COMMENT 'Tool of the example',
    of_agent String COMMENT 'Agent that it is for; empty for any',
    on_behalf_of String COMMENT 'Principal that it is for; empty for any',
    given_at DateTime64(9, 'UTC') COMMENT 'When it was given',
    expires DateTime64(3, 'UTC') COMMENT 'When it ends by itself',
    uses UInt32 COMMENT 'How many actions may pass',
    used UInt64 COMMENT 'How many did',
    amount Float64 COMMENT 'How much money they may move; 0 for none',
    moved Float64 COMMENT 'How much they did',
    currency LowCardinality(String) COMMENT 'Of both',
    request String COMMENT 'Card on which it was given; empty for a command',
    revoked_by String COMMENT 'Who ended it before its time; empty for nobody'
)
COMMENT 'Standing approvals: one row per grant'
AS SELECT c.cell AS cell, c.g AS grant, any(c.approver) AS approver, any(JSONExtractString(c.data, 'person')) AS person, any(c.channel) AS channel, any(c.`group`) AS `group`,
    any(JSONExtractString(c.data, 'route')) AS route, any(JSONExtractString(c.data, 'tool')) AS tool, any(JSONExtractString(c.data, 'ofAgent')) AS of_agent,
    any(JSONExtractString(c.data, 'onBehalfOf')) AS on_behalf_of, min(c.stored_at) AS given_at,
    any(parseDateTime64BestEffortOrZero(JSONExtractString(c.data, 'expires'), 3, 'UTC')) AS expires, any(toUInt32(JSONExtractUInt(c.data, 'uses'))) AS uses,
    any(u.used) AS used, any(JSONExtractFloat(c.data, 'amount')) AS amount, any(u.moved) AS moved, any(JSONExtractString(c.data, 'currency')) AS currency,
    any(c.request) AS request, any(r.by) AS revoked_by
FROM (SELECT *, JSONExtractString(data, 'grant') AS g FROM events WHERE kind = 'grants' AND event = 'grant.created') AS c
LEFT JOIN (
    SELECT cell, g, count() AS used, sum(one) AS moved
    FROM (SELECT cell, JSONExtractString(data, 'grant') AS g, agent, action, any(JSONExtractFloat(data, 'amount')) AS one
        FROM events WHERE kind = 'grants' AND event = 'grant.used' GROUP BY cell, g, agent, action)
    GROUP BY cell, g) AS u ON u.cell = c.cell AND u.g = c.g
LEFT JOIN (SELECT cell, JSONExtractString(data, 'grant') AS g, any(JSONExtractString(data, 'by')) AS by FROM events WHERE kind = 'grants' AND event = 'grant.revoked' GROUP BY cell, g) AS r
ON r.cell = c.cell AND r.g = c.g
GROUP BY c.cell, c.g;

CREATE OR REPLACE VIEW grant_uses
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    grant String COMMENT 'Grant',
    agent LowCardinality(String) COMMENT 'Agent of the action that passed',
    action String COMMENT 'Action that passed',
    used_at DateTime64(9, 'UTC') COMMENT 'When it passed',
    approver LowCardinality(String) COMMENT 'Who gave the grant',
    amount Float64 COMMENT 'How much money it moved; 0 for none',
    uses_left UInt32 COMMENT 'How many more may pass'
)
COMMENT 'What passed by a grant: one row per action'
AS SELECT cell, JSONExtractString(data, 'grant') AS grant, agent, action, min(stored_at) AS used_at, any(approver) AS approver, any(JSONExtractFloat(data, 'amount')) AS amount,
    any(toUInt32(JSONExtractUInt(data, 'usesLeft'))) AS uses_left
FROM events WHERE kind = 'grants' AND event = 'grant.used' GROUP BY cell, grant, agent, action;
