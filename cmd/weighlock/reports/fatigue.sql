-- How people answer: how many cards, how fast, how often they say yes, and how often they look behind a card.
SELECT approver, count() AS answers, round(countIf(verdict = 'approve') * 100 / answers, 1) AS approve_percent, round(quantileExact(0.5)(seconds / greatest(items, 1)), 1) AS median_s_an_item,
    countIf(opened_at > toDateTime64(0, 9)) AS opened, sum(evidence) AS looked_behind, max(in_hour) AS most_in_an_hour, bar(answers, 0, max(answers) OVER (), 20) AS picture
FROM (SELECT *, count() OVER (PARTITION BY approver, toStartOfHour(answered_at)) AS in_hour FROM attention WHERE answered_at >= {since:DateTime64(3)} AND {agent:String} = {agent:String} AND {group:String} = {group:String})
GROUP BY approver ORDER BY median_s_an_item
