-- A made-up history: n actions, step nanoseconds apart from start on, and all that follows from them, as the sink would have written it.
-- One in ten is high; three of those share a card. Every figure follows from the action's number.
-- The marks stand for the .part files: what every event has, what follows from an action's number, and an event as the sink writes it, made of its
-- stream, sequence, subject, source, actor and bytes.
-- What agents propose
INSERT INTO events (@columns, agent, action, tool, breakpoint, target_kind, target_name, target_environment, session, principal)
WITH
@derived,
    'WL_ACTIONS' AS the_stream, 2 * i + 1 AS the_seq, t0 AS stored, concat('wl.actions.', the_agent, '.', the_action) AS the_subject, 'actions' AS the_kind, 'action.proposed' AS the_event,
    concat('/agents/', the_agent) AS the_source, 'agent' AS the_actor_kind, the_agent AS the_actor,
    concat('{"breakpoint":"tool_call","tool":"', the_tool, '","arguments":{"id":', toString(i), ',"to":"', substring(h, 1, 12), '@example.com","amount":', toString(i % 977), '},"request":"Please do what ticket ', toString(i), ' asks for, and tell me when it is done.","reasoning":"The user wants ticket ', toString(i), ' closed; of the tools at hand ', the_tool, ' is the one that does it, and ', substring(h, 20, 16), ' is the record that it names. Nothing else is changed by it, and it can be taken back within a day.","impact":{"summary":"one record of ', toString(i % 500), ' changes","reversible":true},"target":{"kind":"web","name":"target-', toString(i % 500), '","environment":"production"},"session":"s-', toString(intDiv(i, 12)), '","principal":"user-', toString(i % 300), '"}') AS bytes
SELECT @envelope,
    the_agent AS agent,
    the_action AS action,
    the_tool AS tool,
    'tool_call' AS breakpoint,
    'web' AS target_kind,
    concat('target-', toString(i % 500)) AS target_name,
    'production' AS target_environment,
    concat('s-', toString(intDiv(i, 12))) AS session,
    concat('user-', toString(i % 300)) AS principal
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE 1;

-- How they are assessed
INSERT INTO events (@columns, agent, action, tool, level, score, action_seq, policy_version, digest, arguments_digest, reason, rules)
WITH
@derived,
    'WL_EVENTS' AS the_stream, 10 * i + 1 AS the_seq, t0 + INTERVAL 1 MILLISECOND AS stored, concat('wl.assessments.', the_level, '.', the_agent, '.', the_action) AS the_subject, 'assessments' AS the_kind, 'action.assessed' AS the_event,
    '/services/riskscorer' AS the_source, 'service' AS the_actor_kind, 'riskscorer' AS the_actor,
    concat('{"agent":"', the_agent, '","action":"', the_action, '","sequence":', toString(2 * i + 1), ',"digest":"', the_digest, '","argumentsDigest":"', the_digest, '","level":"', the_level, '","score":', toString(the_score), ',"reason":"matches what rule ', the_tool, ' looks for","rules":[{"id":"rule-', the_tool, '","points":', toString(the_score), ',"reason":"matches what the rule looks for"},{"id":"env-', toString(i % 7), '","points":0}],"tool":"', the_tool, '","breakpoint":"tool_call","session":"s-', toString(intDiv(i, 12)), '","principal":"user-', toString(i % 300), '"}') AS bytes
SELECT @envelope,
    the_agent AS agent,
    the_action AS action,
    the_tool AS tool,
    the_level AS level,
    the_score AS score,
    2 * i + 1 AS action_seq,
    the_policy AS policy_version,
    the_digest AS digest,
    the_digest AS arguments_digest,
    concat('matches what rule ', the_tool, ' looks for') AS reason,
    [concat('rule-', the_tool), concat('env-', toString(i % 7))] AS rules
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE 1;

-- Who is asked: one card for three actions
INSERT INTO events (@columns, request, `group`, level, score, quorum, reason, digest, items)
WITH
@derived,
    'WL_EVENTS' AS the_stream, 10 * i + 302 AS the_seq, tc AS stored, concat('wl.approvals.', the_group, '.requested.', the_request) AS the_subject, 'approvals' AS the_kind, 'approval.requested' AS the_event,
    '/services/approver-router' AS the_source, 'service' AS the_actor_kind, 'approver-router' AS the_actor,
    concat('{"request":"', the_request, '","group":"', the_group, '","digest":"', the_digest, '","card":{"request":"', the_request, '","group":"', the_group, '","route":"money","version":1,"quorum":1,"headline":"three actions of ', the_tool, '","level":"high","score":80,"items":[', concat('{"number":1,"agent":"', concat('agent-', leftPad(toString(cityHash64(i + 0, 'a') % 40), 2, '0')), '","action":"', concat('01M8', hex(reinterpret(cityHash64(i + 0, 'x'), 'FixedString(8)')), leftPad(toString((i + 0) % 1000000), 6, '0')), '","sequence":', toString(2 * (i + 0) + 1), ',"digest":"', lower(hex(SHA256(toString(i + 0)))), '","level":"high","score":80,"reasons":["moves money"]}'), ',', concat('{"number":2,"agent":"', concat('agent-', leftPad(toString(cityHash64(i + 10, 'a') % 40), 2, '0')), '","action":"', concat('01M8', hex(reinterpret(cityHash64(i + 10, 'x'), 'FixedString(8)')), leftPad(toString((i + 10) % 1000000), 6, '0')), '","sequence":', toString(2 * (i + 10) + 1), ',"digest":"', lower(hex(SHA256(toString(i + 10)))), '","level":"high","score":80,"reasons":["moves money"]}'), ',', concat('{"number":3,"agent":"', concat('agent-', leftPad(toString(cityHash64(i + 20, 'a') % 40), 2, '0')), '","action":"', concat('01M8', hex(reinterpret(cityHash64(i + 20, 'x'), 'FixedString(8)')), leftPad(toString((i + 20) % 1000000), 6, '0')), '","sequence":', toString(2 * (i + 20) + 1), ',"digest":"', lower(hex(SHA256(toString(i + 20)))), '","level":"high","score":80,"reasons":["moves money"]}'), '],"openedAt":"', formatDateTime(tc, '%Y-%m-%dT%H:%i:%SZ'), '","endsAt":"', formatDateTime(tc + INTERVAL 1800 SECOND, '%Y-%m-%dT%H:%i:%SZ'), '","otherwise":"rejected"}}') AS bytes
SELECT @envelope,
    the_request AS request,
    the_group AS `group`,
    'high' AS level,
    toInt16(80) AS score,
    toInt16(1) AS quorum,
    concat('three actions of ', the_tool) AS reason,
    the_digest AS digest,
    [concat('agent-', leftPad(toString(cityHash64(i + 0, 'a') % 40), 2, '0'), '/', concat('01M8', hex(reinterpret(cityHash64(i + 0, 'x'), 'FixedString(8)')), leftPad(toString((i + 0) % 1000000), 6, '0'))), concat('agent-', leftPad(toString(cityHash64(i + 10, 'a') % 40), 2, '0'), '/', concat('01M8', hex(reinterpret(cityHash64(i + 10, 'x'), 'FixedString(8)')), leftPad(toString((i + 10) % 1000000), 6, '0'))), concat('agent-', leftPad(toString(cityHash64(i + 20, 'a') % 40), 2, '0'), '/', concat('01M8', hex(reinterpret(cityHash64(i + 20, 'x'), 'FixedString(8)')), leftPad(toString((i + 20) % 1000000), 6, '0')))] AS items
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 30 = 0;

-- Who is reminded
INSERT INTO events (@columns, request, `group`, tier)
WITH
@derived,
    'WL_EVENTS' AS the_stream, 10 * i + 303 AS the_seq, tc + INTERVAL 300 SECOND AS stored, concat('wl.approvals.', the_group, '.reminded.', the_request) AS the_subject, 'approvals' AS the_kind, 'approval.reminded' AS the_event,
    '/services/escalator' AS the_source, 'service' AS the_actor_kind, 'escalator' AS the_actor,
    concat('{"request":"', the_request, '","group":"', the_group, '","tier":0,"reminder":1}') AS bytes
SELECT @envelope,
    the_request AS request,
    the_group AS `group`,
    toInt16(0) AS tier
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 30 = 0 AND waited > 300;

-- Who is asked next
INSERT INTO events (@columns, request, `group`, tier, reason)
WITH
@derived,
    'WL_EVENTS' AS the_stream, 10 * i + 304 AS the_seq, tc + INTERVAL 500 SECOND AS stored, concat('wl.approvals.board.escalated.', the_request) AS the_subject, 'approvals' AS the_kind, 'approval.escalated' AS the_event,
    '/services/escalator' AS the_source, 'service' AS the_actor_kind, 'escalator' AS the_actor,
    concat('{"request":"', the_request, '","fromTier":0,"fromGroup":"', the_group, '","toTier":1,"toGroup":"board","reason":"no answer"}') AS bytes
SELECT @envelope,
    the_request AS request,
    'board' AS `group`,
    toInt16(1) AS tier,
    'no answer' AS reason
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 30 = 0 AND waited > 500;

-- What people saw
INSERT INTO events (@columns, request, approver, channel, outcome, digest)
WITH
@derived,
    'WL_VERDICTS' AS the_stream, 10 * i + 1 AS the_seq, tc + toIntervalSecond(intDiv(waited, 2)) AS stored, concat('wl.attention.self.', the_approver, '.', the_request, '.opened') AS the_subject, 'attention' AS the_kind, 'attention.reported' AS the_event,
    concat('/approvers/', the_approver) AS the_source, 'approver' AS the_actor_kind, the_approver AS the_actor,
    concat('{"digest":"', the_digest, '"}') AS bytes
SELECT @envelope,
    the_request AS request,
    the_approver AS approver,
    'self' AS channel,
    'opened' AS outcome,
    the_digest AS digest
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 30 = 0 AND the_outcome != 'expired';

-- What they answered
INSERT INTO events (@columns, request, approver, channel, verdict, digest, reason)
WITH
@derived,
    'WL_VERDICTS' AS the_stream, 10 * i + 2 AS the_seq, tc + toIntervalSecond(waited) AS stored, concat('wl.verdicts.self.', the_approver, '.', the_request) AS the_subject, 'verdicts' AS the_kind, 'verdict.cast' AS the_event,
    concat('/approvers/', the_approver) AS the_source, 'approver' AS the_actor_kind, the_approver AS the_actor,
    concat('{"digest":"', the_digest, '","verdict":"', verdict, '","comment":"seen"}') AS bytes
SELECT @envelope,
    the_request AS request,
    the_approver AS approver,
    'self' AS channel,
    if(the_outcome = 'approved', 'approve', 'reject') AS verdict,
    the_digest AS digest,
    'seen' AS reason
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 30 = 0 AND the_outcome != 'expired';

-- What was decided
INSERT INTO events (@columns, agent, action, outcome, decided_by, level, score, action_seq, policy_version, digest, arguments_digest, request, approvers, reason, review)
WITH
@derived,
    'WL_DECISIONS' AS the_stream, i + 1 AS the_seq, if(i % 10 = 0, tc + toIntervalSecond(if(the_outcome = 'expired', 1800, waited)) + INTERVAL 1 MILLISECOND, t0 + INTERVAL 2 MILLISECOND) AS stored, concat('wl.decisions.', the_agent, '.', the_action) AS the_subject, 'decisions' AS the_kind, 'decision.made' AS the_event,
    '/services/approver-router' AS the_source, 'service' AS the_actor_kind, 'approver-router' AS the_actor,
    concat('{"agent":"', the_agent, '","action":"', the_action, '","outcome":"', the_outcome, '","reason":"', the_outcome, ' by ', the_decider, '","argumentsDigest":"', if(the_outcome = 'approved', the_digest, ''), '","sequence":', toString(2 * i + 1), ',"digest":"', the_digest, '","decidedBy":{"kind":"', the_decider, if(the_decider = 'approvers', concat('","approvers":[{"approver":"', the_approver, '","channel":"self","verdict":"approve"}]}'), '"}'), ',"level":"', the_level, '","score":', toString(the_score), if(i % 10 = 0, concat(',"request":"', the_request, '"'), ''), if(i % 90 = 0, ',"arguments":{"amount":1}', ''), '}') AS bytes
SELECT @envelope,
    the_agent AS agent,
    the_action AS action,
    the_outcome AS outcome,
    the_decider AS decided_by,
    the_level AS level,
    the_score AS score,
    2 * i + 1 AS action_seq,
    the_policy AS policy_version,
    the_digest AS digest,
    if(the_outcome = 'approved', the_digest, '') AS arguments_digest,
    if(i % 10 = 0, the_request, '') AS request,
    if(the_decider = 'approvers', [the_approver], []) AS approvers,
    concat(the_outcome, ' by ', the_decider) AS reason,
    toUInt8(the_level = 'medium') AS review
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE 1;

-- What was done
INSERT INTO events (@columns, agent, action, outcome, arguments_digest)
WITH
@derived,
    'WL_ACTIONS' AS the_stream, 2 * i + 1000000002 AS the_seq, if(i % 10 = 0, tc + toIntervalSecond(9 + waited), t0 + INTERVAL 1 SECOND) AS stored, concat('wl.receipts.', the_agent, '.', the_action) AS the_subject, 'receipts' AS the_kind, 'action.executed' AS the_event,
    concat('/agents/', the_agent) AS the_source, 'agent' AS the_actor_kind, the_agent AS the_actor,
    concat('{"status":"', outcome, '","argumentsDigest":"', arguments_digest, '"}') AS bytes
SELECT @envelope,
    the_agent AS agent,
    the_action AS action,
    if(i % 100 = 2, 'failed', 'succeeded') AS outcome,
    if(i % 2000 = 4, the_policy, the_digest) AS arguments_digest
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE the_outcome = 'approved' AND i % 2 = 0 OR the_outcome = 'denied' AND i % 10 = 3;

-- Standing approvals
INSERT INTO events (@columns, approver, channel, `group`)
WITH
@derived,
    'WL_EVENTS' AS the_stream, 10 * i + 5 AS the_seq, t0 AS stored, concat('wl.grants.g-', toString(i), '.created') AS the_subject, 'grants' AS the_kind, 'grant.created' AS the_event,
    '/services/approver-router' AS the_source, 'service' AS the_actor_kind, 'approver-router' AS the_actor,
    concat('{"grant":"g-', toString(i), '","approver":"', the_approver, '","person":"', the_approver, '","channel":"self","route":"money","group":"', the_group, '","tool":"', the_tool, '","uses":20,"expires":"2030-01-01T00:00:00Z","amount":100,"currency":"EUR"}') AS bytes
SELECT @envelope,
    the_approver AS approver,
    'self' AS channel,
    the_group AS `group`
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 1000 = 0;

-- Their use
INSERT INTO events (@columns, agent, action, approver)
WITH
@derived,
    'WL_EVENTS' AS the_stream, 10 * i + 6 AS the_seq, t0 + INTERVAL 3 MILLISECOND AS stored, concat('wl.grants.g-', toString(i - i % 1000), '.used') AS the_subject, 'grants' AS the_kind, 'grant.used' AS the_event,
    '/services/approver-router' AS the_source, 'service' AS the_actor_kind, 'approver-router' AS the_actor,
    concat('{"grant":"g-', toString(i - i % 1000), '","approver":"', the_approver, '","agent":"', the_agent, '","action":"', the_action, '","usesLeft":3,"amount":1.5,"currency":"EUR"}') AS bytes
SELECT @envelope,
    the_agent AS agent,
    the_action AS action,
    the_approver AS approver
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 1000 < 60 AND i % 10 = 1;
