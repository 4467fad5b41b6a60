-- Policy versions side by side: how they score, and how often people are asked.
SELECT substring(policy_version, 1, 19) AS policy, count() AS assessed, countIf(level = 'low') AS low, countIf(level = 'medium') AS medium, countIf(level = 'high') AS high, countIf(denied = 1) AS denied,
    round(avg(score), 1) AS average_score, round(100 * high / assessed, 1) AS high_percent, bar(high_percent, 0, 100, 20) AS picture
FROM assessments WHERE assessed_at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String}) AND {group:String} = {group:String}
GROUP BY policy ORDER BY min(assessed_at)
