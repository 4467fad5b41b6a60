-- Who answers when: answers by person and hour of the day, UTC, and how many there would be a day if people were asked from the score --threshold on.
WITH (SELECT countIf(denied = 0 AND if({threshold:UInt8} = 0, level = 'high', score >= {threshold:UInt8})) / greatest(1, countIf(denied = 0 AND level = 'high')) FROM typed_assessments FINAL WHERE at >= {since:DateTime64(3)}) AS factor,
    (SELECT greatest(1, dateDiff('hour', min(at), max(at)) / 24) FROM typed_verdicts WHERE at >= {since:DateTime64(3)}) AS days
SELECT approver, count() AS answers, sum(n) AS actions, toUInt8(indexOf(arrayMap(h -> countEqual(groupArray(hour), h), range(24)) AS by_hour, arrayMax(by_hour)) - 1) AS busiest_hour, sparkbar(24, 0, 23)(hour, 1) AS hours_0_to_23, round(answers / days, 1) AS answers_a_day, round(answers / days * factor, 1) AS a_day_at_threshold, bar(answers, 0, max(answers) OVER (), 20) AS picture
FROM
(
    SELECT v.approver AS approver, toHour(v.at) AS hour, r.n AS n
    FROM (SELECT cell, request, approver, at FROM typed_verdicts FINAL WHERE at >= {since:DateTime64(3)}) AS v
    INNER JOIN (SELECT cell, request, argMin(`group`, at) AS asked, min(at) AS asked_at, min(ends_at) AS ends, argMin(length(items), at) AS n FROM typed_requests WHERE at >= {since:DateTime64(3)} - INTERVAL 92 DAY GROUP BY cell, request) AS r ON r.cell = v.cell AND r.request = v.request
    WHERE ({group:String} = '' OR r.asked = {group:String})
)
GROUP BY approver ORDER BY answers DESC, approver
