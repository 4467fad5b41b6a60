-- Everything that happened to one action, its requests and verdicts included.
SELECT toDateTime64(stored, 3) AS at, round(if(row_number() OVER w = 1, 0, dateDiff('millisecond', lagInFrame(stored) OVER w, stored) / 1000), 3) AS after_s, event, actor, answer, if(score < 0, '', toString(score)) AS score, request, reason
FROM
(
    SELECT * FROM
    (
        SELECT stored_at AS stored, indexOf(['actions', 'assessments', '', 'grants', 'decisions', 'receipts'], toString(kind)) AS nth, event, actor, toString(if(outcome != '', outcome, verdict)) AS answer, score, request, reason, stream, epoch, seq, leaf_hash
        FROM events WHERE action = {action:String} AND ({agent:String} = '' OR agent = {agent:String}) AND kind IN ('actions', 'withdrawals', 'receipts', 'assessments', 'decisions', 'grants', 'reviews', 'answers')
        UNION ALL
        SELECT stored_at AS stored, 3 AS nth, event, actor, toString(if(outcome != '', outcome, verdict)) AS answer, score, request, reason, stream, epoch, seq, leaf_hash
        FROM events WHERE kind IN ('approvals', 'attention', 'verdicts', 'handovers') AND request GLOBAL IN (SELECT request FROM typed_items WHERE action = {action:String} AND ({agent:String} = '' OR agent = {agent:String}))
    )
    LIMIT 1 BY stream, epoch, seq, leaf_hash
)
WINDOW w AS (ORDER BY stored, nth, seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
ORDER BY stored, nth, seq
