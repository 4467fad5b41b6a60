-- Standing approvals, and how much of each was used.
SELECT grant, approver, `group`, tool, of_agent, used, uses, round(100 * used / greatest(1, uses)) AS percent, moved, amount, currency, revoked_by, bar(percent, 0, 100, 20) AS picture
FROM grants WHERE given_at >= {since:DateTime64(3)} AND ({group:String} = '' OR `group` = {group:String}) AND ({agent:String} = '' OR of_agent = {agent:String})
ORDER BY given_at
