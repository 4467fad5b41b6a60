CREATE OR REPLACE VIEW assessments
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent LowCardinality(String) COMMENT 'Agent of the action',
    action String COMMENT 'Action that was assessed',
    assessed_at DateTime64(9, 'UTC') COMMENT 'When the assessment was stored',
    level LowCardinality(String) COMMENT 'low, medium, high',
    score Int16 COMMENT 'Risk 0 to 100',
    denied UInt8 COMMENT '1 where the policy denies it',
    reason String COMMENT 'Why',
    rules Array(String) COMMENT 'Rules that fired, the heaviest first',
    policy_version LowCardinality(String) COMMENT 'Hash of the policy',
    tool LowCardinality(String) COMMENT 'Tool',
    action_seq UInt64 COMMENT 'Sequence of the action',
    stream LowCardinality(String) COMMENT 'Stream of the event',
    seq UInt64 COMMENT 'Sequence of the event'
)
COMMENT 'How it was scored: one row per assessment'
AS SELECT cell, agent, action, at AS assessed_at, level, score, denied, reason, rules, policy_version, tool, action_seq, stream, seq FROM typed_assessments FINAL;

CREATE OR REPLACE VIEW verdicts
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    request String COMMENT 'Request that is answered',
    approver LowCardinality(String) COMMENT 'Who answered',
    channel LowCardinality(String) COMMENT 'Through which channel',
    cast_at DateTime64(9, 'UTC') COMMENT 'When the answer was stored',
    verdict LowCardinality(String) COMMENT 'approve, reject, mixed',
    comment String COMMENT 'The approver''s words',
    digest String COMMENT 'Digest of the card the approver saw',
    refused LowCardinality(String) COMMENT 'Why it did not count; empty where it did',
    stream LowCardinality(String) COMMENT 'Stream of the event',
    seq UInt64 COMMENT 'Sequence of the event'
)
COMMENT 'Who answered what: one row per verdict'
AS SELECT v.cell, v.request, v.approver, v.channel, v.at AS cast_at, v.verdict, v.comment, v.digest, r.code AS refused, v.stream, v.seq
FROM (SELECT * FROM typed_verdicts FINAL) AS v
LEFT JOIN (SELECT cell, verdict_seq, any(code) AS code FROM typed_refusals GROUP BY cell, verdict_seq) AS r
ON r.cell = v.cell AND r.verdict_seq = v.seq;

CREATE OR REPLACE VIEW decisions
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent LowCardinality(String) COMMENT 'Agent of the action',
    action String COMMENT 'Action that was decided',
    decided_at DateTime64(9, 'UTC') COMMENT 'When the decision was stored',
    outcome LowCardinality(String) COMMENT 'approved, rejected, expired, withdrawn, denied',
    reason String COMMENT 'Why',
    decided_by LowCardinality(String) COMMENT 'policy, approvers, timeout, agent',
    approvers Array(String) COMMENT 'People whose verdicts made it',
    level LowCardinality(String) COMMENT 'Level of the action',
    score Int16 COMMENT 'Score of the action',
    review UInt8 COMMENT '1 where it is to be looked at afterwards',
    request String COMMENT 'Request that led here; empty where nobody was asked',
    arguments_digest String COMMENT 'Digest of the approved arguments',
    policy_version LowCardinality(String) COMMENT 'Hash of the policy',
    action_seq UInt64 COMMENT 'Sequence of the action',
    stream LowCardinality(String) COMMENT 'Stream of the event',
    seq UInt64 COMMENT 'Sequence of the event'
)
COMMENT 'Who decided what, when: one row per decision'
AS SELECT cell, agent, action, at AS decided_at, outcome, reason, decided_by, approvers, level, score, review, request, arguments_digest,
    policy_version, action_seq, stream, seq
FROM typed_decisions FINAL;

CREATE OR REPLACE VIEW escalations
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    request String COMMENT 'Request',
    step LowCardinality(String) COMMENT 'reminded or escalated',
    `group` LowCardinality(String) COMMENT 'Group that was told',
    tier Int16 COMMENT 'Tier that was told',
    at DateTime64(9, 'UTC') COMMENT 'When it was stored',
    reason String COMMENT 'Why',
    stream LowCardinality(String) COMMENT 'Stream of the event',
    seq UInt64 COMMENT 'Sequence of the event'
)
COMMENT 'Reminders and escalations of requests'
AS SELECT cell, request, step, `group`, tier, at, reason, stream, seq FROM typed_escalations FINAL;

CREATE OR REPLACE VIEW receipts
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent LowCardinality(String) COMMENT 'Agent of the action',
    action String COMMENT 'Action that ran',
    reported_at DateTime64(9, 'UTC') COMMENT 'When the receipt was stored',
    status LowCardinality(String) COMMENT 'succeeded or failed',
    error String COMMENT 'What went wrong',
    arguments_digest String COMMENT 'Digest of the arguments it ran with',
    stream LowCardinality(String) COMMENT 'Stream of the event',
    seq UInt64 COMMENT 'Sequence of the event'
)
COMMENT 'What was done: one row per receipt'
AS SELECT cell, agent, action, at AS reported_at, status, error, arguments_digest, stream, seq FROM typed_receipts FINAL;

CREATE OR REPLACE VIEW action_timeline
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent String COMMENT 'Agent of the action',
    action String COMMENT 'Action',
    at DateTime64(9, 'UTC') COMMENT 'When the event was stored',
    event LowCardinality(String) COMMENT 'What happened',
    actor_kind LowCardinality(String) COMMENT 'agent, approver, service',
    actor LowCardinality(String) COMMENT 'Who',
    level LowCardinality(String) COMMENT 'Level, where the event has one',
    score Int16 COMMENT 'Score; -1 where the event has none',
    answer String COMMENT 'Outcome or verdict',
    reason String COMMENT 'Reason, comment, error or headline',
    request String COMMENT 'Request',
    `group` LowCardinality(String) COMMENT 'Group that was asked or told',
    tier Int16 COMMENT 'Tier; -1 where the event has none',
    stream LowCardinality(String) COMMENT 'Stream of the event',
    seq UInt64 COMMENT 'Sequence of the event'
)
COMMENT 'Everything that happened to an action, its requests and verdicts included; order by at'
AS SELECT cell, toString(agent) AS agent, action, stored_at AS at, event, actor_kind, actor, level, score,
    toString(if(outcome != '', outcome, verdict)) AS answer, reason, request, `group`, tier, stream, seq
FROM events FINAL WHERE kind IN ('actions', 'withdrawals', 'receipts', 'assessments', 'decisions')
UNION ALL
SELECT e.cell, toString(i.agent) AS agent, i.action AS action, e.stored_at AS at, e.event, e.actor_kind, e.actor, e.level,
    e.score, toString(if(e.outcome != '', e.outcome, e.verdict)) AS answer, e.reason, e.request, e.`group`, e.tier, e.stream, e.seq
FROM (SELECT * FROM events FINAL WHERE kind IN ('approvals', 'verdicts')) AS e
INNER JOIN (SELECT DISTINCT cell, agent, action, request FROM typed_items) AS i
ON i.cell = e.cell AND i.request = e.request;

CREATE OR REPLACE VIEW action_state
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent String COMMENT 'Agent of the action',
    action String COMMENT 'Action',
    state String COMMENT 'proposed, assessed, waiting, or the decision''s outcome',
    tool String COMMENT 'Tool',
    principal String COMMENT 'On whose behalf',
    session String COMMENT 'Piece of work it belongs to',
    target_kind String COMMENT 'Kind of what it acts on',
    target_name String COMMENT 'Name of what it acts on',
    level String COMMENT 'Level; empty until assessed',
    score Int16 COMMENT 'Score; -1 until assessed',
    request String COMMENT 'Request; empty where nobody was asked',
    `group` String COMMENT 'Group that was asked first',
    decided_by String COMMENT 'policy, approvers, timeout, agent',
    approvers Array(String) COMMENT 'People whose verdicts decided',
    reason String COMMENT 'Reason of the decision, or of the assessment until then',
    receipt String COMMENT 'succeeded or failed; empty without a receipt',
    proposed_at DateTime64(9, 'UTC') COMMENT 'When it was proposed; 1970 where that is not in the audit',
    assessed_at DateTime64(9, 'UTC') COMMENT 'When it was scored; 1970 where it was not',
    requested_at DateTime64(9, 'UTC') COMMENT 'When people were asked; 1970 where nobody was',
    decided_at DateTime64(9, 'UTC') COMMENT 'When it was decided; 1970 where it is not',
    executed_at DateTime64(9, 'UTC') COMMENT 'When the receipt came; 1970 without one'
)
COMMENT 'One row per action: what was asked, how it was scored, who decided what, when'
AS WITH toDateTime64(0, 9, 'UTC') AS none, toDateTime64('2261-01-01 00:00:00', 9, 'UTC') AS never
SELECT s.cell AS cell, s.agent AS agent, s.action AS action,
    multiIf(max(s.outcome) != '', max(s.outcome), argMinMerge(s.request) != '', 'waiting', argMinMerge(s.level) != '', 'assessed', 'proposed') AS state,
    max(s.tool) AS tool, max(s.principal) AS principal, max(s.session) AS session, max(s.target_kind) AS target_kind, max(s.target_name) AS target_name,
    argMinMerge(s.level) AS level, if(level = '', -1, argMinMerge(s.score)) AS score, argMinMerge(s.request) AS request, argMinMerge(s.`group`) AS `group`,
    max(s.decided_by) AS decided_by, max(s.approvers) AS approvers, if(max(s.outcome) != '', max(s.reason), argMinMerge(s.assessment_reason)) AS reason, max(s.receipt) AS receipt,
    max(s.proposed_at) AS proposed_at, if(min(s.assessed_at) = never, none, min(s.assessed_at)) AS assessed_at,
    if(min(s.requested_at) = never, none, min(s.requested_at)) AS requested_at, max(s.decided_at) AS decided_at,
    if(min(s.executed_at) = never, none, min(s.executed_at)) AS executed_at
FROM typed_state AS s GROUP BY s.cell, s.agent, s.action;

CREATE OR REPLACE VIEW plan_steps
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent LowCardinality(String) COMMENT 'Agent whose plan it is',
    plan String COMMENT 'Action at plan',
    decided_at DateTime64(9, 'UTC') COMMENT 'When the plan was decided',
    outcome LowCardinality(String) COMMENT 'Of the plan',
    approvers Array(String) COMMENT 'People who decided about the plan',
    steps UInt64 COMMENT 'Steps that the plan lists',
    passed UInt64 COMMENT 'Actions that passed as its steps: so many times nobody was asked'
)
COMMENT 'What plans saved: one row for each plan that people decided'
AS SELECT d.cell AS cell, d.agent AS agent, d.action AS plan, d.at AS decided_at, d.outcome AS outcome, d.approvers AS approvers, p.steps AS steps, countIf(s.agent != '') AS passed
FROM (SELECT * FROM typed_decisions FINAL WHERE decided_by = 'approvers') AS d
INNER JOIN (SELECT cell, agent, action, steps FROM typed_actions FINAL WHERE breakpoint = 'plan') AS p
ON p.cell = d.cell AND p.agent = d.agent AND p.action = d.action
LEFT JOIN (SELECT cell, agent, plan FROM typed_decisions FINAL WHERE decided_by = 'plan') AS s
ON s.cell = d.cell AND s.agent = d.agent AND s.plan = d.action
GROUP BY d.cell, d.agent, d.action, d.at, d.outcome, d.approvers, p.steps;

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
AS SELECT c.cell AS cell, c.grant AS grant, any(c.approver) AS approver, any(c.person) AS person, any(c.channel) AS channel, any(c.`group`) AS `group`,
    any(c.route) AS route, any(c.tool) AS tool, any(c.of_agent) AS of_agent, any(c.on_behalf_of) AS on_behalf_of, min(c.at) AS given_at, any(c.expires) AS expires, any(c.uses) AS uses,
    any(u.used) AS used, any(c.amount) AS amount, any(u.moved) AS moved, any(c.currency) AS currency, any(c.request) AS request, any(r.ended_by) AS revoked_by
FROM (SELECT * FROM typed_grants WHERE step = 'created') AS c
LEFT JOIN (
    SELECT cell, grant, count() AS used, sum(one) AS moved
    FROM (SELECT cell, grant, agent, action, any(amount) AS one FROM typed_grants WHERE step = 'used' GROUP BY cell, grant, agent, action)
    GROUP BY cell, grant) AS u ON u.cell = c.cell AND u.grant = c.grant
LEFT JOIN (SELECT cell, grant, any(`by`) AS ended_by FROM typed_grants WHERE step = 'revoked' GROUP BY cell, grant) AS r ON r.cell = c.cell AND r.grant = c.grant
GROUP BY c.cell, c.grant;

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
AS SELECT cell, grant, agent, action, min(at) AS used_at, any(approver) AS approver, any(amount) AS amount, any(uses_left) AS uses_left
FROM typed_grants WHERE step = 'used' GROUP BY cell, grant, agent, action;

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
AS SELECT v.cell AS cell, v.request AS request, v.approver AS approver, v.channel AS channel, v.at AS answered_at, v.verdict AS verdict,
    any(q.n) AS items, minIf(a.at, a.sight = 'delivered') AS delivered_at, minIf(a.at, a.sight = 'opened') AS opened_at,
    countIf(a.sight = 'evidence' AND a.at <= v.at) AS evidence,
    if(countIf(a.sight = 'opened' AND a.at <= v.at) > 0, toUnixTimestamp64Nano(v.at) - toUnixTimestamp64Nano(minIf(a.at, a.sight = 'opened')),
        toUnixTimestamp64Nano(v.at) - toUnixTimestamp64Nano(any(q.asked_at))) / 1e9 AS seconds
FROM (SELECT cell, request, approver, channel, at, verdict FROM typed_verdicts FINAL) AS v
INNER JOIN (SELECT cell, request, min(at) AS asked_at, max(length(items)) AS n FROM typed_requests WHERE version = 1 GROUP BY cell, request) AS q
ON q.cell = v.cell AND q.request = v.request
LEFT JOIN (SELECT cell, request, approver, channel, sight, at FROM typed_attention FINAL) AS a
ON a.cell = v.cell AND a.request = v.request AND a.approver = v.approver AND a.channel = v.channel
GROUP BY v.cell, v.request, v.approver, v.channel, v.at, v.verdict;
