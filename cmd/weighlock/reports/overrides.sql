-- How often people change what agents propose, by group: rejections, edits and guidance among their decisions.
SELECT r.asked AS `group`, count() AS decided, countIf(d.outcome = 'rejected') AS rejected, countIf(d.edited) AS edited, countIf(d.guided) AS guided,
    round(100 * (rejected + edited) / decided, 1) AS override_percent, bar(override_percent, 0, 100, 20) AS picture
FROM (SELECT cell, agent, outcome, request, stored_at, JSONHas(data, 'arguments') AS edited, JSONHas(data, 'guidance') AS guided FROM events FINAL WHERE kind = 'decisions' AND decided_by = 'approvers') AS d
INNER JOIN (SELECT cell, request, any(`group`) AS asked FROM approval_requests GROUP BY cell, request) AS r ON r.cell = d.cell AND r.request = d.request
WHERE d.stored_at >= {since:DateTime64(3)} AND ({group:String} = '' OR r.asked = {group:String}) AND ({agent:String} = '' OR d.agent = {agent:String})
GROUP BY `group` ORDER BY override_percent DESC
