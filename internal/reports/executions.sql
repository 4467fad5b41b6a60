-- What became of approvals, and what ran without one: counts by finding. The lists are in bypasses, altered and unexecuted.
SELECT finding, count() AS actions, uniqExact(agent) AS agents, round(100 * actions / sum(actions) OVER (), 2) AS percent, max(at) AS last, bar(actions, 0, max(actions) OVER (), 20) AS picture
FROM (@findings)
GROUP BY finding ORDER BY finding = 'run as approved', actions DESC
