-- How often people change what agents propose, by group: rejections, edits and guidance among their decisions.
SELECT r.asked AS `group`, count() AS decided, countIf(d.outcome = 'rejected') AS rejected, countIf(d.edited) AS edited, countIf(d.guided) AS guided,
    round(100 * countIf(d.outcome = 'rejected' OR d.edited) / decided, 1) AS override_percent, bar(override_percent, 0, 100, 20) AS picture
FROM (SELECT cell, request, outcome, edited, guided FROM typed_decisions FINAL WHERE decided_by = 'approvers' AND at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String})) AS d
INNER JOIN (SELECT cell, request, argMin(`group`, at) AS asked FROM typed_requests WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY GROUP BY cell, request) AS r ON r.cell = d.cell AND r.request = d.request
WHERE ({group:String} = '' OR r.asked = {group:String})
GROUP BY `group` ORDER BY override_percent DESC, `group`
