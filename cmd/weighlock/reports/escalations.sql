-- How often requests went on to another group, and were reminded of.
SELECT `group`, step, tier, uniqExact(request) AS requests, count() AS times, bar(requests, 0, max(requests) OVER (), 20) AS picture
FROM escalations WHERE at >= {since:DateTime64(3)} AND ({group:String} = '' OR `group` = {group:String}) AND {agent:String} = {agent:String}
GROUP BY `group`, step, tier ORDER BY step, requests DESC
