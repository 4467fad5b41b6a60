-- What was approved and never reported as run, run without an approval, or run with other arguments than were approved.
SELECT multiIf(r.status = '', 'approved, never reported as run', d.outcome != 'approved', 'run without an approval', 'run with other arguments') AS finding, agent, action, d.outcome AS outcome, r.status AS receipt,
    toDateTime(greatest(d.decided_at, r.reported_at)) AS at
FROM (SELECT cell, agent, action, outcome, arguments_digest, decided_at FROM decisions) AS d
FULL OUTER JOIN (SELECT cell, agent, action, any(status) AS status, any(arguments_digest) AS digest, min(reported_at) AS reported_at FROM receipts GROUP BY cell, agent, action) AS r
USING (cell, agent, action)
WHERE (d.outcome = 'approved' AND r.status = '' OR r.status != '' AND (d.outcome != 'approved' OR r.digest != d.arguments_digest)) AND at >= {since:DateTime64(3)}
    AND ({agent:String} = '' OR agent = {agent:String}) AND {group:String} = {group:String}
ORDER BY finding, at DESC LIMIT 200
