-- How people answer: how many cards, how fast, how often they say yes and how often in a row, and how often they look behind a card.
SELECT approver, count() AS answers, round(100 * countIf(verdict = 'approve') / answers, 1) AS approve_percent, round(quantileExact(0.5)(an_item), 1) AS median_s_an_item, round(100 * countIf(an_item < 5) / answers, 1) AS under_5_s_percent,
    arrayMax(arrayMap(run -> arraySum(run), arraySplit(ok -> NOT ok, arrayMap(x -> x.2, arraySort(groupArray((answered_at, verdict = 'approve'))))))) AS longest_run, countIf(opened_at > toDateTime64(0, 9)) AS opened, sum(evidence) AS looked_behind,
    max(in_hour) AS most_in_an_hour, bar(answers, 0, max(answers) OVER (), 20) AS picture
FROM
(
    SELECT a.*, a.seconds / greatest(a.items, 1) AS an_item, count() OVER (PARTITION BY a.approver, toStartOfHour(a.answered_at)) AS in_hour
    FROM (SELECT * FROM attention WHERE answered_at >= {since:DateTime64(3)}) AS a
    INNER JOIN (SELECT cell, request, argMin(`group`, at) AS asked FROM typed_requests WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY GROUP BY cell, request) AS r ON r.cell = a.cell AND r.request = a.request
    WHERE ({group:String} = '' OR r.asked = {group:String})
)
GROUP BY approver ORDER BY under_5_s_percent DESC, median_s_an_item
