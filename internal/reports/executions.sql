-- What became of approvals, and what ran without one: counts by finding. The lists are in bypasses, altered and unexecuted.
SELECT multiIf(r.ran = 0, 'approved, never reported as run', d.known = 0, 'run without a decision', d.outcome != 'approved', 'run though not approved', r.at < d.at, 'run before the decision',
        d.valid_until > toDateTime64(0, 3) AND r.at > d.valid_until, 'run after the approval had ended', r.arguments_key != d.arguments_key, 'run with other arguments', 'run as approved') AS finding,
    count() AS actions, uniqExact(if(d.known = 1, d.agent, r.agent)) AS agents, round(100 * actions / sum(actions) OVER (), 2) AS percent, toDateTime(max(greatest(d.at, r.at))) AS last, bar(actions, 0, max(actions) OVER (), 20) AS picture
FROM
(
    SELECT sipHash128(cell, agent, action) AS k, 1 AS known, agent, at, outcome, decided_by, valid_until, arguments_key FROM typed_decisions FINAL
    WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY AND ({agent:String} = '' OR agent = {agent:String})
) AS d
FULL OUTER JOIN
(
    SELECT sipHash128(cell, agent, action) AS k, 1 AS ran, agent, at, status, arguments_key FROM typed_receipts FINAL WHERE at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String})
) AS r ON r.k = d.k
WHERE (d.outcome = 'approved' OR r.ran = 1) AND greatest(d.at, r.at) >= {since:DateTime64(3)}
GROUP BY finding ORDER BY finding = 'run as approved', actions DESC
