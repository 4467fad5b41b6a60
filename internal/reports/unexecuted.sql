-- What was approved and never reported as run, the oldest first.
SELECT *
FROM (@findings)
WHERE finding IN ('approved, never reported as run')
ORDER BY at, agent, action LIMIT 200
