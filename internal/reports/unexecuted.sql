-- What was approved and never reported as run, the oldest first.
SELECT multiIf(r.ran = 0, 'approved, never reported as run', d.known = 0, 'run without a decision', d.outcome != 'approved', 'run though not approved', r.at < d.at, 'run before the decision',
        d.valid_until > toDateTime64(0, 3) AND r.at > d.valid_until, 'run after the approval had ended', r.arguments_key != d.arguments_key, 'run with other arguments', 'run as approved') AS finding,
    if(d.known = 1, d.agent, r.agent) AS agent, if(d.known = 1, d.action, r.action) AS action, d.outcome AS outcome, d.decided_by AS decided_by, r.status AS receipt, toDateTime(greatest(d.at, r.at)) AS at
FROM
(
    SELECT sipHash128(cell, agent, action) AS k, 1 AS known, agent, action, at, outcome, decided_by, valid_until, arguments_key FROM typed_decisions FINAL
    WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY AND ({agent:String} = '' OR agent = {agent:String})
) AS d
FULL OUTER JOIN
(
    SELECT sipHash128(cell, agent, action) AS k, 1 AS ran, agent, action, at, status, arguments_key FROM typed_receipts FINAL WHERE at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String})
) AS r ON r.k = d.k
WHERE (d.outcome = 'approved' OR r.ran = 1) AND greatest(d.at, r.at) >= {since:DateTime64(3)} AND finding IN ('approved, never reported as run')
ORDER BY at, agent, action LIMIT 200
