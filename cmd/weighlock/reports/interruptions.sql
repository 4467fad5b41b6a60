-- How often people were interrupted, and how often they were not because of batches, plans and grants.
SELECT toDate(d.decided_at) AS day, countIf(d.level = 'high' AND d.outcome != 'denied') AS waited_for_people, uniqExactIf(d.request, d.request != '') AS cards,
    countIf(d.request != '') - cards AS saved_by_batches, countIf(d.decided_by = 'plan') AS saved_by_plans, countIf(d.decided_by = 'grant') AS saved_by_grants,
    round((saved_by_batches + saved_by_plans + saved_by_grants) / 2) AS minutes_saved_at_30_s_each, bar(cards, 0, max(cards) OVER (), 20) AS picture
FROM decisions AS d LEFT JOIN (SELECT cell, request, any(`group`) AS asked FROM approval_requests GROUP BY cell, request) AS r ON r.cell = d.cell AND r.request = d.request
WHERE d.decided_at >= {since:DateTime64(3)} AND ({group:String} = '' OR r.asked = {group:String}) AND ({agent:String} = '' OR d.agent = {agent:String})
GROUP BY day ORDER BY day
