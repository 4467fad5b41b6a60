-- How long people take, by group: from being asked to the decision.
SELECT `group`, count() AS decided, round(quantileExact(0.5)(seconds), 1) AS p50_s, round(quantileExact(0.95)(seconds), 1) AS p95_s,
    round(quantileExact(0.99)(seconds), 1) AS p99_s, bar(p50_s, 0, max(p50_s) OVER (), 20) AS picture
FROM (SELECT `group`, dateDiff('millisecond', requested_at, decided_at) / 1000 AS seconds FROM action_state
    WHERE request != '' AND decided_by = 'approvers' AND decided_at >= {since:DateTime64(3)} AND ({group:String} = '' OR `group` = {group:String}) AND ({agent:String} = '' OR agent = {agent:String}))
GROUP BY `group` ORDER BY p50_s DESC
