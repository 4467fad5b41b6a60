-- A made-up history: n actions, step nanoseconds apart from start on, and all that follows from them, as the sink would have written it.
-- One in ten is high; three of those share a card. Every figure follows from the action's number.
-- What agents propose
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, agent, action, tool, breakpoint, target_kind, target_name, target_environment, session, principal)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_ACTIONS', 1767225600000000000, 2 * i + 1, t0 AS stored, concat('wl.actions.', the_agent, '.', the_action) AS the_subject, cell, 'actions', 'action.proposed', concat('e-', 'action.proposed', toString(i)), concat('/agents/', the_agent), 'dev.weighlock.action.proposed.v1', stored, substring(h, 1, 32),
    'agent', the_agent, concat('Nats-Msg-Id:dev.weighlock.action.proposed.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('actions' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', concat('/agents/', the_agent), '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.action.proposed.v1\r\n') AS raw,
    concat('{"breakpoint":"tool_call","tool":"', the_tool, '","arguments":{"id":', toString(i), ',"to":"', substring(h, 1, 12), '@example.com","amount":', toString(i % 977), '},"request":"Please do what ticket ', toString(i), ' asks for, and tell me when it is done.","reasoning":"The user wants ticket ', toString(i), ' closed; of the tools at hand ', the_tool, ' is the one that does it, and ', substring(h, 20, 16), ' is the record that it names. Nothing else is changed by it, and it can be taken back within a day.","impact":{"summary":"one record of ', toString(i % 500), ' changes","reversible":true},"target":{"kind":"web","name":"target-', toString(i % 500), '","environment":"production"},"session":"s-', toString(intDiv(i, 12)), '","principal":"user-', toString(i % 300), '"}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
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
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, agent, action, tool, level, score, action_seq, policy_version, digest, arguments_digest, reason, rules)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_EVENTS', 1767225600000000000, 10 * i + 1, t0 + INTERVAL 1 MILLISECOND AS stored, concat('wl.assessments.', the_level, '.', the_agent, '.', the_action) AS the_subject, cell, 'assessments', 'action.assessed', concat('e-', 'action.assessed', toString(i)), '/services/riskscorer', 'dev.weighlock.action.assessed.v1', stored, substring(h, 1, 32),
    'service', 'riskscorer', concat('Nats-Msg-Id:dev.weighlock.action.assessed.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('assessments' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', '/services/riskscorer', '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.action.assessed.v1\r\n') AS raw,
    concat('{"agent":"', the_agent, '","action":"', the_action, '","sequence":', toString(2 * i + 1), ',"digest":"', the_digest, '","argumentsDigest":"', the_digest, '","level":"', the_level, '","score":', toString(the_score), ',"reason":"matches what rule ', the_tool, ' looks for","rules":[{"id":"rule-', the_tool, '","points":', toString(the_score), ',"reason":"matches what the rule looks for"},{"id":"env-', toString(i % 7), '","points":0}],"tool":"', the_tool, '","breakpoint":"tool_call","session":"s-', toString(intDiv(i, 12)), '","principal":"user-', toString(i % 300), '"}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
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
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, request, `group`, level, score, quorum, reason, digest, items)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_EVENTS', 1767225600000000000, 10 * i + 302, tc AS stored, concat('wl.approvals.', the_group, '.requested.', the_request) AS the_subject, cell, 'approvals', 'approval.requested', concat('e-', 'approval.requested', toString(i)), '/services/approver-router', 'dev.weighlock.approval.requested.v1', stored, substring(h, 1, 32),
    'service', 'approver-router', concat('Nats-Msg-Id:dev.weighlock.approval.requested.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('approvals' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', '/services/approver-router', '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.approval.requested.v1\r\n') AS raw,
    concat('{"request":"', the_request, '","group":"', the_group, '","digest":"', the_digest, '","card":{"request":"', the_request, '","group":"', the_group, '","route":"money","version":1,"quorum":1,"headline":"three actions of ', the_tool, '","level":"high","score":80,"items":[', concat('{"number":1,"agent":"', concat('agent-', leftPad(toString(cityHash64(i + 0, 'a') % 40), 2, '0')), '","action":"', concat('01M8', hex(reinterpret(cityHash64(i + 0, 'x'), 'FixedString(8)')), leftPad(toString((i + 0) % 1000000), 6, '0')), '","sequence":', toString(2 * (i + 0) + 1), ',"digest":"', lower(hex(SHA256(toString(i + 0)))), '","level":"high","score":80,"reasons":["moves money"]}'), ',', concat('{"number":2,"agent":"', concat('agent-', leftPad(toString(cityHash64(i + 10, 'a') % 40), 2, '0')), '","action":"', concat('01M8', hex(reinterpret(cityHash64(i + 10, 'x'), 'FixedString(8)')), leftPad(toString((i + 10) % 1000000), 6, '0')), '","sequence":', toString(2 * (i + 10) + 1), ',"digest":"', lower(hex(SHA256(toString(i + 10)))), '","level":"high","score":80,"reasons":["moves money"]}'), ',', concat('{"number":3,"agent":"', concat('agent-', leftPad(toString(cityHash64(i + 20, 'a') % 40), 2, '0')), '","action":"', concat('01M8', hex(reinterpret(cityHash64(i + 20, 'x'), 'FixedString(8)')), leftPad(toString((i + 20) % 1000000), 6, '0')), '","sequence":', toString(2 * (i + 20) + 1), ',"digest":"', lower(hex(SHA256(toString(i + 20)))), '","level":"high","score":80,"reasons":["moves money"]}'), '],"openedAt":"', formatDateTime(tc, '%Y-%m-%dT%H:%i:%SZ'), '","endsAt":"', formatDateTime(tc + INTERVAL 1800 SECOND, '%Y-%m-%dT%H:%i:%SZ'), '","otherwise":"rejected"}}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
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
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, request, `group`, tier)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_EVENTS', 1767225600000000000, 10 * i + 303, tc + INTERVAL 300 SECOND AS stored, concat('wl.approvals.', the_group, '.reminded.', the_request) AS the_subject, cell, 'approvals', 'approval.reminded', concat('e-', 'approval.reminded', toString(i)), '/services/escalator', 'dev.weighlock.approval.reminded.v1', stored, substring(h, 1, 32),
    'service', 'escalator', concat('Nats-Msg-Id:dev.weighlock.approval.reminded.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('approvals' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', '/services/escalator', '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.approval.reminded.v1\r\n') AS raw,
    concat('{"request":"', the_request, '","group":"', the_group, '","tier":0,"reminder":1}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
    the_request AS request,
    the_group AS `group`,
    toInt16(0) AS tier
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 30 = 0 AND waited > 300;

-- Who is asked next
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, request, `group`, tier, reason)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_EVENTS', 1767225600000000000, 10 * i + 304, tc + INTERVAL 500 SECOND AS stored, concat('wl.approvals.board.escalated.', the_request) AS the_subject, cell, 'approvals', 'approval.escalated', concat('e-', 'approval.escalated', toString(i)), '/services/escalator', 'dev.weighlock.approval.escalated.v1', stored, substring(h, 1, 32),
    'service', 'escalator', concat('Nats-Msg-Id:dev.weighlock.approval.escalated.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('approvals' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', '/services/escalator', '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.approval.escalated.v1\r\n') AS raw,
    concat('{"request":"', the_request, '","fromTier":0,"fromGroup":"', the_group, '","toTier":1,"toGroup":"board","reason":"no answer"}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
    the_request AS request,
    'board' AS `group`,
    toInt16(1) AS tier,
    'no answer' AS reason
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 30 = 0 AND waited > 500;

-- What people saw
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, request, approver, channel, outcome, digest)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_VERDICTS', 1767225600000000000, 10 * i + 1, tc + toIntervalSecond(intDiv(waited, 2)) AS stored, concat('wl.attention.self.', the_approver, '.', the_request, '.opened') AS the_subject, cell, 'attention', 'attention.reported', concat('e-', 'attention.reported', toString(i)), concat('/approvers/', the_approver), 'dev.weighlock.attention.reported.v1', stored, substring(h, 1, 32),
    'approver', the_approver, concat('Nats-Msg-Id:dev.weighlock.attention.reported.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('attention' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', concat('/approvers/', the_approver), '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.attention.reported.v1\r\n') AS raw,
    concat('{"digest":"', the_digest, '"}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
    the_request AS request,
    the_approver AS approver,
    'self' AS channel,
    'opened' AS outcome,
    the_digest AS digest
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 30 = 0 AND the_outcome != 'expired';

-- What they answered
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, request, approver, channel, verdict, digest, reason)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_VERDICTS', 1767225600000000000, 10 * i + 2, tc + toIntervalSecond(waited) AS stored, concat('wl.verdicts.self.', the_approver, '.', the_request) AS the_subject, cell, 'verdicts', 'verdict.cast', concat('e-', 'verdict.cast', toString(i)), concat('/approvers/', the_approver), 'dev.weighlock.verdict.cast.v1', stored, substring(h, 1, 32),
    'approver', the_approver, concat('Nats-Msg-Id:dev.weighlock.verdict.cast.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('verdicts' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', concat('/approvers/', the_approver), '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.verdict.cast.v1\r\n') AS raw,
    concat('{"digest":"', the_digest, '","verdict":"', verdict, '","comment":"seen"}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
    the_request AS request,
    the_approver AS approver,
    'self' AS channel,
    if(the_outcome = 'approved', 'approve', 'reject') AS verdict,
    the_digest AS digest,
    'seen' AS reason
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 30 = 0 AND the_outcome != 'expired';

-- What was decided
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, agent, action, outcome, decided_by, level, score, action_seq, policy_version, digest, arguments_digest, request, approvers, reason, review)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_DECISIONS', 1767225600000000000, i + 1, if(i % 10 = 0, tc + toIntervalSecond(if(the_outcome = 'expired', 1800, waited)) + INTERVAL 1 MILLISECOND, t0 + INTERVAL 2 MILLISECOND) AS stored, concat('wl.decisions.', the_agent, '.', the_action) AS the_subject, cell, 'decisions', 'decision.made', concat('e-', 'decision.made', toString(i)), '/services/approver-router', 'dev.weighlock.decision.made.v1', stored, substring(h, 1, 32),
    'service', 'approver-router', concat('Nats-Msg-Id:dev.weighlock.decision.made.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('decisions' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', '/services/approver-router', '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.decision.made.v1\r\n') AS raw,
    concat('{"agent":"', the_agent, '","action":"', the_action, '","outcome":"', the_outcome, '","reason":"', the_outcome, ' by ', the_decider, '","argumentsDigest":"', if(the_outcome = 'approved', the_digest, ''), '","sequence":', toString(2 * i + 1), ',"digest":"', the_digest, '","decidedBy":{"kind":"', the_decider, if(the_decider = 'approvers', concat('","approvers":[{"approver":"', the_approver, '","channel":"self","verdict":"approve"}]}'), '"}'), ',"level":"', the_level, '","score":', toString(the_score), if(i % 10 = 0, concat(',"request":"', the_request, '"'), ''), if(i % 90 = 0, ',"arguments":{"amount":1}', ''), '}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
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
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, agent, action, outcome, arguments_digest)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_ACTIONS', 1767225600000000000, 2 * i + 1000000002, if(i % 10 = 0, tc + toIntervalSecond(9 + waited), t0 + INTERVAL 1 SECOND) AS stored, concat('wl.receipts.', the_agent, '.', the_action) AS the_subject, cell, 'receipts', 'action.executed', concat('e-', 'action.executed', toString(i)), concat('/agents/', the_agent), 'dev.weighlock.action.executed.v1', stored, substring(h, 1, 32),
    'agent', the_agent, concat('Nats-Msg-Id:dev.weighlock.action.executed.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('receipts' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', concat('/agents/', the_agent), '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.action.executed.v1\r\n') AS raw,
    concat('{"status":"', outcome, '","argumentsDigest":"', arguments_digest, '"}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
    the_agent AS agent,
    the_action AS action,
    if(i % 100 = 2, 'failed', 'succeeded') AS outcome,
    if(i % 2000 = 4, the_policy, the_digest) AS arguments_digest
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE the_outcome = 'approved' AND i % 2 = 0 OR the_outcome = 'denied' AND i % 10 = 3;

-- Standing approvals
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, approver, channel, `group`)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_EVENTS', 1767225600000000000, 10 * i + 5, t0 AS stored, concat('wl.grants.g-', toString(i), '.created') AS the_subject, cell, 'grants', 'grant.created', concat('e-', 'grant.created', toString(i)), '/services/approver-router', 'dev.weighlock.grant.created.v1', stored, substring(h, 1, 32),
    'service', 'approver-router', concat('Nats-Msg-Id:dev.weighlock.grant.created.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('grants' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', '/services/approver-router', '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.grant.created.v1\r\n') AS raw,
    concat('{"grant":"g-', toString(i), '","approver":"', the_approver, '","person":"', the_approver, '","channel":"self","route":"money","group":"', the_group, '","tool":"', the_tool, '","uses":20,"expires":"2030-01-01T00:00:00Z","amount":100,"currency":"EUR"}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
    the_approver AS approver,
    'self' AS channel,
    the_group AS `group`
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 1000 = 0;

-- Their use
INSERT INTO events (stream, epoch, seq, stored_at, subject, cell, kind, event, event_id, source, type, event_time, trace_id, actor_kind, actor, headers_raw, data, leaf_hash, chain_hash, batch_lo, decoded, agent, action, approver)
WITH
    'wl' AS cell, fromUnixTimestamp64Nano({start:Int64} + toInt64(i * {step:UInt64}), 'UTC') AS t0,
    concat('agent-', leftPad(toString(cityHash64(i, 'a') % 40), 2, '0')) AS the_agent, concat('01M8', hex(reinterpret(cityHash64(i, 'x'), 'FixedString(8)')), leftPad(toString(i % 1000000), 6, '0')) AS the_action,
    ['search', 'read_file', 'send_email', 'send_payment', 'run_sql', 'open_page', 'delete_rows', 'deploy'][1 + cityHash64(i, 't') % 8] AS the_tool,
    multiIf(i % 10 = 0, 'high', i % 10 < 3, 'medium', 'low') AS the_level, toInt16(multiIf(i % 10 = 0, 60 + cityHash64(i, 's') % 40, i % 10 < 3, 30 + cityHash64(i, 's') % 30, cityHash64(i, 's') % 30)) AS the_score,
    intDiv(i, 30) AS r, fromUnixTimestamp64Nano({start:Int64} + toInt64((r * 30 + 20) * {step:UInt64}), 'UTC') + INTERVAL 2 SECOND AS tc, concat('r-', toString(r)) AS the_request, ['finance', 'operations', 'security', 'legal'][1 + r % 4] AS the_group,
    concat('sha256:', lower(hex(SHA256(toString(i))))) AS the_digest, concat('sha256:', lower(hex(SHA256(toString(intDiv(i, 200000)))))) AS the_policy, lower(hex(SHA256(toString(i)))) AS h,
    concat('approver-', leftPad(toString(cityHash64(r, 'p') % 25), 2, '0')) AS the_approver, toInt64(5 + cityHash64(r, 'w') % 600) AS waited,
    multiIf(i % 10 != 0, if(cityHash64(i, 'd') % 50 = 0, 'denied', 'approved'), cityHash64(r, 'n') % 20 = 0, 'expired', cityHash64(i, 'v') % 6 = 0, 'rejected', 'approved') AS the_outcome,
    multiIf(i % 10 != 0, 'policy', the_outcome = 'expired', 'timeout', 'approvers') AS the_decider
SELECT 'WL_EVENTS', 1767225600000000000, 10 * i + 6, t0 + INTERVAL 3 MILLISECOND AS stored, concat('wl.grants.g-', toString(i - i % 1000), '.used') AS the_subject, cell, 'grants', 'grant.used', concat('e-', 'grant.used', toString(i)), '/services/approver-router', 'dev.weighlock.grant.used.v1', stored, substring(h, 1, 32),
    'service', 'approver-router', concat('Nats-Msg-Id:dev.weighlock.grant.used.v1/e-', toString(i), '\r\nce-causationid:', the_action, '\r\nce-datacontenttype:application/json\r\nce-id:e-', toString(i), if('grants' IN ('assessments', 'decisions'), concat('\r\nce-policyversion:', the_policy, '\r\nce-replyto:_INBOX.', substring(h, 5, 22), '.', substring(h, 1, 8)), ''), '\r\nce-source:', '/services/approver-router', '\r\nce-specversion:1.0\r\nce-subject:', the_agent, '/', the_action, '\r\nce-time:', toString(stored), '\r\nce-traceparent:00-', substring(h, 1, 32), '-b7ad6b7169203331-01\r\nce-type:dev.weighlock.grant.used.v1\r\n') AS raw,
    concat('{"grant":"g-', toString(i - i % 1000), '","approver":"', the_approver, '","agent":"', the_agent, '","action":"', the_action, '","usesLeft":3,"amount":1.5,"currency":"EUR"}') AS bytes, SHA256(concat('weighlock.leaf.v1\n', toString(length(the_subject)), ':', the_subject, toString(length(raw)), ':', raw, toString(length(bytes)), ':', bytes)), SHA256(concat(bytes, toString(i))), 1, 1,
    the_agent AS agent,
    the_action AS action,
    the_approver AS approver
FROM (SELECT number AS i FROM numbers({n:UInt64})) WHERE i % 1000 < 60 AND i % 10 = 1;
