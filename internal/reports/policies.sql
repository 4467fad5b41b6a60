-- Policy versions side by side: how they score, how often people are asked, and how often these refuse.
SELECT substring(a.policy_version, 1, 19) AS policy, a.first_used AS first_used, a.assessed AS assessed, a.low AS low, a.medium AS medium, a.high AS high, a.denied AS denied, a.average_score AS average_score,
    round(100 * a.high / a.assessed, 1) AS high_percent, d.answered AS decided_by_people, round(100 * d.refused / d.answered, 1) AS refused_percent, bar(high_percent, 0, 100, 20) AS picture
FROM (SELECT policy_version, toDateTime(min(at)) AS first_used, count() AS assessed, countIf(level = 'low') AS low, countIf(level = 'medium') AS medium, countIf(level = 'high') AS high, countIf(denied = 1) AS denied, round(avg(score), 1) AS average_score
    FROM typed_assessments FINAL WHERE at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String}) GROUP BY policy_version) AS a
LEFT JOIN (SELECT policy_version, count() AS answered, countIf(outcome = 'rejected') AS refused FROM typed_decisions FINAL WHERE decided_by = 'approvers' AND at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String}) GROUP BY policy_version) AS d
ON d.policy_version = a.policy_version
ORDER BY a.first_used
