-- How often people were interrupted, by day, and how often they were not because of batches, plans and grants.
SELECT toDate(d.at) AS day, countIf(d.level = 'high' AND d.outcome != 'denied') AS waited_for_people, uniqExactIf(d.cell, d.request, d.request != '') AS cards,
    countIf(d.request != '') - cards AS saved_by_batches, countIf(d.decided_by = 'plan') AS saved_by_plans, countIf(d.decided_by = 'grant') AS saved_by_grants, bar(cards, 0, max(cards) OVER (), 20) AS picture
FROM (SELECT cell, request, at, level, outcome, decided_by FROM typed_decisions FINAL WHERE at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String})) AS d
LEFT JOIN (SELECT cell, request, argMin(`group`, at) AS asked FROM typed_requests WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY GROUP BY cell, request) AS r ON r.cell = d.cell AND r.request = d.request
WHERE ({group:String} = '' OR r.asked = {group:String})
GROUP BY day ORDER BY day
