-- What people say to what the policy scores: where they approve nearly all, it asks too much.
SELECT intDiv(d.score, 10) * 10 AS score_from, count() AS decided, countIf(d.outcome = 'approved') AS approved, round(100 * approved / decided, 1) AS approved_percent, bar(approved_percent, 0, 100, 20) AS picture
FROM decisions AS d INNER JOIN (SELECT cell, request, any(`group`) AS asked FROM approval_requests GROUP BY cell, request) AS r ON r.cell = d.cell AND r.request = d.request
WHERE d.decided_by = 'approvers' AND d.decided_at >= {since:DateTime64(3)} AND ({group:String} = '' OR r.asked = {group:String}) AND ({agent:String} = '' OR d.agent = {agent:String})
GROUP BY score_from ORDER BY score_from
