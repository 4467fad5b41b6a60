CREATE OR REPLACE VIEW actions
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent LowCardinality(String) COMMENT 'Agent that proposed the action',
    action String COMMENT 'Action, unique within its agent',
    proposed_at DateTime64(9, 'UTC') COMMENT 'When the action was stored',
    breakpoint LowCardinality(String) COMMENT 'Where in its work the agent paused',
    tool LowCardinality(String) COMMENT 'Tool the agent wants to use',
    target_kind LowCardinality(String) COMMENT 'Kind of what it acts on',
    target_name String COMMENT 'Name of what it acts on',
    target_environment LowCardinality(String) COMMENT 'Environment of what it acts on',
    principal LowCardinality(String) COMMENT 'On whose behalf',
    session String COMMENT 'Piece of work it belongs to',
    user_request String COMMENT 'What the user asked for, in the user''s words',
    reasoning String COMMENT 'Why the agent wants to do this',
    arguments String COMMENT 'Exact arguments, as JSON',
    trace_id String COMMENT 'W3C trace id',
    stream LowCardinality(String) COMMENT 'Stream of the event',
    seq UInt64 COMMENT 'Sequence of the event'
)
COMMENT 'What was asked: one row per proposed action'
AS SELECT cell, agent, action, stored_at AS proposed_at, breakpoint, tool, target_kind, target_name, target_environment, principal, session,
    JSONExtractString(data, 'request') AS user_request, JSONExtractString(data, 'reasoning') AS reasoning,
    JSONExtractRaw(data, 'arguments') AS arguments, trace_id, stream, seq
FROM events FINAL WHERE kind = 'actions';

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
AS SELECT cell, agent, action, stored_at AS assessed_at, level, score, denied, reason, rules, policy_version, tool, action_seq, stream, seq
FROM events FINAL WHERE kind = 'assessments';

CREATE OR REPLACE VIEW approval_requests
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    request String COMMENT 'Request',
    `group` LowCardinality(String) COMMENT 'Group it was put before',
    requested_at DateTime64(9, 'UTC') COMMENT 'When it was stored',
    headline String COMMENT 'What the card asks for',
    level LowCardinality(String) COMMENT 'Level of the riskiest item',
    score Int16 COMMENT 'Score of the riskiest item',
    quorum Int16 COMMENT 'How many approvers it needs',
    items Array(String) COMMENT 'Actions on the card, as agent/action',
    digest String COMMENT 'Digest of the card',
    card String COMMENT 'The card as it was shown, JSON',
    stream LowCardinality(String) COMMENT 'Stream of the event',
    seq UInt64 COMMENT 'Sequence of the event'
)
COMMENT 'Who was asked: one row per request'
AS SELECT cell, request, `group`, stored_at AS requested_at, reason AS headline, level, score, quorum, items, digest,
    JSONExtractRaw(data, 'card') AS card, stream, seq
FROM events FINAL WHERE kind = 'approvals' AND event = 'approval.requested';

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
AS SELECT v.cell, v.request, v.approver, v.channel, v.stored_at AS cast_at, v.verdict, v.reason AS comment, v.digest, r.code AS refused, v.stream, v.seq
FROM (SELECT * FROM events FINAL WHERE kind = 'verdicts') AS v
LEFT JOIN (SELECT cell, JSONExtractUInt(data, 'sequence') AS verdict_seq, any(outcome) AS code FROM events
    WHERE kind = 'approvals' AND event = 'verdict.refused' GROUP BY cell, verdict_seq) AS r
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
AS SELECT cell, agent, action, stored_at AS decided_at, outcome, reason, decided_by, approvers, level, score, review, request, arguments_digest,
    policy_version, action_seq, stream, seq
FROM events FINAL WHERE kind = 'decisions';

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
AS SELECT cell, request, substring(event, 10) AS step, `group`, tier, stored_at AS at, reason, stream, seq
FROM events FINAL WHERE kind = 'approvals' AND event IN ('approval.reminded', 'approval.escalated');

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
AS SELECT cell, agent, action, stored_at AS reported_at, outcome AS status, reason AS error, arguments_digest, stream, seq
FROM events FINAL WHERE kind = 'receipts';

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
SELECT e.cell, splitByChar('/', r.item)[1] AS agent, splitByChar('/', r.item)[2] AS action, e.stored_at AS at, e.event, e.actor_kind, e.actor, e.level,
    e.score, toString(if(e.outcome != '', e.outcome, e.verdict)) AS answer, e.reason, e.request, e.`group`, e.tier, e.stream, e.seq
FROM (SELECT * FROM events FINAL WHERE kind IN ('approvals', 'verdicts')) AS e
INNER JOIN (SELECT DISTINCT cell, request, arrayJoin(items) AS item FROM events WHERE kind = 'approvals' AND event = 'approval.requested') AS r
ON r.cell = e.cell AND r.request = e.request;

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
AS WITH anyIf(e_outcome, kind = 'decisions') AS outcome
SELECT cell, agent, action,
    multiIf(outcome != '', outcome, request != '', 'waiting', level != '', 'assessed', 'proposed') AS state,
    anyIf(e_tool, kind = 'actions') AS tool, anyIf(e_principal, kind = 'actions') AS principal, anyIf(e_session, kind = 'actions') AS session,
    anyIf(e_target_kind, kind = 'actions') AS target_kind, anyIf(e_target_name, kind = 'actions') AS target_name,
    argMinIf(e_level, at, kind = 'assessments') AS level,
    if(countIf(kind = 'assessments') > 0, argMinIf(e_score, at, kind = 'assessments'), -1) AS score,
    argMinIf(e_request, at, e_request != '') AS request, argMinIf(e_group, at, kind = 'approvals') AS `group`,
    anyIf(e_decided_by, kind = 'decisions') AS decided_by, anyIf(e_approvers, kind = 'decisions') AS approvers,
    if(outcome != '', anyIf(e_reason, kind = 'decisions'), argMinIf(e_reason, at, kind = 'assessments')) AS reason,
    anyIf(e_outcome, kind = 'receipts') AS receipt,
    minIf(at, kind = 'actions') AS proposed_at, minIf(at, kind = 'assessments') AS assessed_at, minIf(at, kind = 'approvals') AS requested_at,
    minIf(at, kind = 'decisions') AS decided_at, minIf(at, kind = 'receipts') AS executed_at
FROM
(
        SELECT cell, toString(agent) AS agent, action, stored_at AS at, toString(kind) AS kind, toString(tool) AS e_tool, toString(principal) AS e_principal,
            session AS e_session, toString(target_kind) AS e_target_kind, target_name AS e_target_name, toString(level) AS e_level, score AS e_score,
            request AS e_request, toString(`group`) AS e_group, toString(decided_by) AS e_decided_by, approvers AS e_approvers, reason AS e_reason,
            toString(outcome) AS e_outcome
        FROM events WHERE kind IN ('actions', 'assessments', 'decisions', 'receipts')
        UNION ALL
        SELECT cell, splitByChar('/', item)[1] AS agent, splitByChar('/', item)[2] AS action, stored_at AS at, 'approvals' AS kind, '', '', '', '', '', '',
            toInt16(-1), request, toString(`group`), '', [], reason, ''
        FROM events ARRAY JOIN items AS item WHERE kind = 'approvals' AND event = 'approval.requested'
)
GROUP BY cell, agent, action;
