-- How often nobody answered in time: reminders and escalations by tier and group, and the share of all requests.
SELECT step, tier, `group`, uniqExact(cell, request) AS requests, count() AS times, round(100 * requests / greatest(1, (SELECT uniqExact(cell, request) FROM typed_requests WHERE at >= {since:DateTime64(3)})), 1) AS percent_of_requests,
    bar(percent_of_requests, 0, 100, 20) AS picture
FROM typed_escalations FINAL WHERE at >= {since:DateTime64(3)} AND ({group:String} = '' OR `group` = {group:String})
GROUP BY step, tier, `group` ORDER BY step, tier, requests DESC
