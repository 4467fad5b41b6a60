-- When people are asked: answers by person and hour of the day, UTC.
SELECT approver, toHour(answered_at) AS hour, count() AS answers, sum(items) AS items, bar(answers, 0, max(answers) OVER (), 20) AS picture
FROM attention WHERE answered_at >= {since:DateTime64(3)} AND {agent:String} = {agent:String} AND {group:String} = {group:String}
GROUP BY approver, hour ORDER BY approver, hour
