CREATE OR REPLACE VIEW hand_overs
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    request String COMMENT 'Request that was held, handed over, asked about or snoozed',
    what LowCardinality(String) COMMENT 'acknowledge, reassign, ask or snooze',
    approver LowCardinality(String) COMMENT 'Who did it',
    channel LowCardinality(String) COMMENT 'Through which channel',
    at DateTime64(9, 'UTC') COMMENT 'When it held',
    tier Int16 COMMENT 'Tier that was current, from 0',
    until DateTime64(3, 'UTC') COMMENT 'Until when the next tier is held back, the clock stands or the reminders of a snooze; 1970 where nothing waits',
    `to` String COMMENT 'Person or group it was handed to',
    question String COMMENT 'What the agent was asked',
    question_id String COMMENT 'Id of that question, which its answer names',
    comment String COMMENT 'Comment'
)
COMMENT 'What people did with requests beside answering them: one row each'
AS SELECT cell, request, verdict AS what, approver, channel, min(stored_at) AS at, any(tier) AS tier,
    any(parseDateTime64BestEffortOrZero(JSONExtractString(data, 'until'), 3, 'UTC')) AS until,
    any(concat(JSONExtractString(data, 'to'), JSONExtractString(data, 'toGroup'))) AS `to`, any(JSONExtractString(data, 'question')) AS question,
    any(JSONExtractString(data, 'questionId')) AS question_id, any(JSONExtractString(data, 'comment')) AS comment
FROM events WHERE kind = 'approvals' AND event = 'approval.handed' GROUP BY cell, request, verdict, approver, channel, JSONExtractUInt(data, 'sequence');

CREATE OR REPLACE VIEW questions
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    request String COMMENT 'Request it was asked on',
    question_id String COMMENT 'Id of the question',
    approver String COMMENT 'Who asked',
    question String COMMENT 'What was asked',
    asked_at DateTime64(9, 'UTC') COMMENT 'When',
    agent String COMMENT 'Agent that answered first; empty where none has',
    answer String COMMENT 'Its answer',
    answered_at DateTime64(9, 'UTC') COMMENT 'When; 1970 where none has answered'
)
COMMENT 'Questions to agents, and their answers: one row per question'
AS SELECT h.cell AS cell, h.request AS request, h.question_id AS question_id, h.approver AS approver, h.question AS question, h.at AS asked_at,
    a.agent AS agent, a.answer AS answer, a.at AS answered_at
FROM (SELECT * FROM hand_overs WHERE what = 'ask') AS h
LEFT JOIN (SELECT cell, JSONExtractString(data, 'question') AS question_id, argMin(agent, stored_at) AS agent, argMin(reason, stored_at) AS answer, min(stored_at) AS at
    FROM events WHERE kind = 'answers' GROUP BY cell, question_id) AS a
ON a.cell = h.cell AND a.question_id = h.question_id;

CREATE OR REPLACE VIEW storms
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    `group` LowCardinality(String) COMMENT 'Group with more open requests than it can be reminded of',
    told String COMMENT 'Group that was told: itself, in place of its reminders, or the tier above, once',
    at DateTime64(9, 'UTC') COMMENT 'When',
    open UInt64 COMMENT 'How many requests were open',
    since DateTime64(3, 'UTC') COMMENT 'Since when there were too many'
)
COMMENT 'Storms of requests: one row per report'
AS SELECT cell, JSONExtractString(data, 'group') AS `group`, JSONExtractString(data, 'to') AS told, min(stored_at) AS at, any(JSONExtractUInt(data, 'open')) AS open,
    any(parseDateTime64BestEffortOrZero(JSONExtractString(data, 'since'), 3, 'UTC')) AS since
FROM events WHERE kind = 'storms' GROUP BY cell, `group`, told, event_id;
