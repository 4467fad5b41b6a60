-- What ran with other arguments than were approved. There should be none.
SELECT *
FROM (@findings)
WHERE finding IN ('run with other arguments')
ORDER BY at DESC, agent, action LIMIT 200
