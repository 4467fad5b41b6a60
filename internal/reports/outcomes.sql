-- How actions ended, by level and by who decided.
SELECT d.level AS level, d.outcome AS outcome, d.decided_by AS decided_by, count() AS actions, round(100 * actions / sum(actions) OVER (), 1) AS percent, bar(actions, 0, max(actions) OVER (), 20) AS picture
FROM (SELECT cell, request, level, outcome, decided_by FROM typed_decisions FINAL WHERE at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String})) AS d
LEFT JOIN (SELECT cell, request, argMin(`group`, at) AS asked FROM typed_requests WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY GROUP BY cell, request) AS r ON r.cell = d.cell AND r.request = d.request
WHERE ({group:String} = '' OR r.asked = {group:String})
GROUP BY level, outcome, decided_by ORDER BY level, actions DESC
