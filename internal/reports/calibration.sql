-- What people say to what the policy scores: where they approve nearly all, it asks too much; where they refuse much just above what passes by itself, it asks too little.
SELECT intDiv(d.score, 10) * 10 AS score_from, countIf(d.decided_by != 'approvers') AS passed_by, countIf(d.decided_by = 'approvers') AS asked, countIf(d.decided_by = 'approvers' AND d.outcome = 'approved') AS approved,
    round(100 * approved / asked, 1) AS approved_percent, bar(if(asked = 0, 0, approved_percent), 0, 100, 20) AS picture
FROM (SELECT cell, request, score, outcome, decided_by FROM typed_decisions FINAL WHERE at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String}) AND decided_by IN ('approvers', 'policy') AND outcome IN ('approved', 'rejected')) AS d
LEFT JOIN (SELECT cell, request, argMin(`group`, at) AS asked FROM typed_requests WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY GROUP BY cell, request) AS r ON r.cell = d.cell AND r.request = d.request
WHERE ({group:String} = '' OR r.asked = {group:String})
GROUP BY score_from ORDER BY score_from
