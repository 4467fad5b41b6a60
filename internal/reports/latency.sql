-- How long people take, by group: from being asked to the decision, against the time they have before the next group is asked, or else until the request's end.
SELECT d.asked AS `group`, countIf(d.answered) AS decided, countIf(NOT d.answered) AS unanswered, round(quantileExactIf(0.5)(d.seconds, d.answered), 1) AS p50_s,
    round(quantileExactIf(0.95)(d.seconds, d.answered), 1) AS p95_s, round(quantileExactIf(0.99)(d.seconds, d.answered), 1) AS p99_s, any(t.target) AS target_s,
    round(100 * countIf(d.answered AND d.seconds <= t.target) / count(), 1) AS in_time_percent, bar(in_time_percent, 0, 100, 20) AS picture
FROM
(
    SELECT r.asked AS asked, d.decided_by = 'approvers' AS answered, dateDiff('millisecond', r.asked_at, d.at) / 1000 AS seconds
    FROM (SELECT cell, request, decided_by, at FROM typed_decisions FINAL WHERE request != '' AND decided_by IN ('approvers', 'timeout') AND at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String})) AS d
    INNER JOIN (SELECT cell, request, argMin(`group`, at) AS asked, min(at) AS asked_at, min(ends_at) AS ends, argMin(length(items), at) AS n FROM typed_requests WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY GROUP BY cell, request) AS r ON r.cell = d.cell AND r.request = d.request
    WHERE ({group:String} = '' OR r.asked = {group:String})
) AS d
INNER JOIN
(
    SELECT r.asked AS asked, round(if(countIf(e.tries > 0) > 0, quantileExactIf(0.5)(toFloat64(dateDiff('second', r.asked_at, e.first)), e.tries > 0), quantileExact(0.5)(toFloat64(dateDiff('second', r.asked_at, r.ends))))) AS target
    FROM (SELECT cell, request, argMin(`group`, at) AS asked, min(at) AS asked_at, min(ends_at) AS ends, argMin(length(items), at) AS n FROM typed_requests WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY GROUP BY cell, request) AS r
    LEFT JOIN (SELECT cell, request, min(at) AS first, count() AS tries FROM typed_escalations WHERE step = 'escalated' GROUP BY cell, request) AS e ON e.cell = r.cell AND e.request = r.request
    GROUP BY asked
) AS t ON t.asked = d.asked
GROUP BY `group` ORDER BY p50_s DESC
