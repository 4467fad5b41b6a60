ALTER TABLE to_typed_state MODIFY QUERY
WITH toDateTime64('2261-01-01 00:00:00', 9, 'UTC') AS never, toDateTime64(0, 9, 'UTC') AS none, kind = 'actions' AS p, kind = 'assessments' AS a, kind = 'decisions' AS d, kind = 'receipts' AS r
SELECT cell, toString(e.agent) AS agent, action, if(p, toString(e.tool), '') AS tool, if(p, toString(e.principal), '') AS principal, if(p, e.session, '') AS session,
    if(p, toString(e.target_kind), '') AS target_kind, if(p, e.target_name, '') AS target_name,
    initializeAggregation('argMinStateIf', toString(e.level), e.stored_at, a) AS level, initializeAggregation('argMinStateIf', e.score, e.stored_at, a) AS score,
    initializeAggregation('argMinStateIf', e.reason, e.stored_at, a) AS assessment_reason,
    initializeAggregation('argMinStateIf', e.request, e.stored_at, d AND e.request != '') AS request,
    initializeAggregation('argMinStateIf', '', e.stored_at, 0) AS `group`,
    if(d, toString(e.outcome), '') AS outcome, if(d, toString(e.decided_by), '') AS decided_by, if(d, e.approvers, []) AS approvers, if(d, e.reason, '') AS reason,
    if(r, toString(e.outcome), '') AS receipt, if(p, e.stored_at, none) AS proposed_at, if(a, e.stored_at, never) AS assessed_at,
    never AS requested_at, if(d, e.stored_at, none) AS decided_at, if(r, e.stored_at, never) AS executed_at
FROM events AS e WHERE kind IN ('actions', 'assessments', 'decisions', 'receipts');
