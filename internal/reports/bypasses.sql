-- What ran without an approval: without any decision, against it, before it, or after it had ended. There should be none.
SELECT *
FROM (@findings)
WHERE finding IN ('run without a decision', 'run though not approved', 'run before the decision', 'run after the approval had ended')
ORDER BY at DESC, agent, action LIMIT 200
