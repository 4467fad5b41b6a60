-- How actions ended, by level and by who decided.
SELECT d.level AS level, d.outcome AS outcome, d.decided_by AS decided_by, count() AS actions, round(100 * actions / sum(actions) OVER (), 1) AS percent, bar(actions, 0, max(actions) OVER (), 20) AS picture
FROM decisions AS d LEFT JOIN (SELECT cell, request, any(`group`) AS asked FROM approval_requests GROUP BY cell, request) AS r ON r.cell = d.cell AND r.request = d.request
WHERE d.decided_at >= {since:DateTime64(3)} AND ({group:String} = '' OR r.asked = {group:String}) AND ({agent:String} = '' OR d.agent = {agent:String})
GROUP BY level, outcome, decided_by ORDER BY level, actions DESC
