-- Agents whose actions are refused most: rejected or denied, with the lower bound of the share at 95 % (Wilson), so that few actions do not decide.
SELECT agent, count() AS decided, countIf(outcome IN ('rejected', 'denied')) AS refused, round(100 * refused / decided, 1) AS percent,
    round(100 * ((refused / decided) + 1.9208 / decided - 1.96 * sqrt(((refused / decided) * (1 - refused / decided) + 0.9604 / decided) / decided)) / (1 + 3.8416 / decided), 1) AS at_least_percent,
    bar(at_least_percent, 0, 100, 20) AS picture
FROM typed_decisions FINAL WHERE at >= {since:DateTime64(3)} AND ({agent:String} = '' OR agent = {agent:String})
GROUP BY agent ORDER BY at_least_percent DESC, agent LIMIT 50
