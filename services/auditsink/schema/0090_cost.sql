ALTER TABLE events MODIFY SETTING min_parts_to_merge_at_once = 10;

ALTER TABLE typed_state MODIFY SETTING min_parts_to_merge_at_once = 10;

ALTER TABLE to_typed_decisions MODIFY QUERY
SELECT cell, stream, epoch, seq, stored_at AS at, agent, action, outcome, reason, decided_by, approvers, level, score, review, request,
    arguments_digest, sipHash64(arguments_digest) AS arguments_key, policy_version, action_seq,
    if(position(data, '"arguments"') > 0, JSONHas(data, 'arguments'), 0) AS edited, if(position(data, '"guidance"') > 0, JSONHas(data, 'guidance'), 0) AS guided,
    parseDateTime64BestEffortOrZero(if(position(data, '"validUntil"') > 0, JSONExtractString(data, 'validUntil'), ''), 3, 'UTC') AS valid_until,
    if(position(data, '"grant"') > 0, JSONExtractString(data, 'decidedBy', 'grant'), '') AS `grant`,
    if(position(data, '"plan"') > 0, JSONExtractString(data, 'decidedBy', 'plan', 'action'), '') AS plan
FROM events WHERE kind = 'decisions';
