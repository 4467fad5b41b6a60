CREATE OR REPLACE VIEW plan_steps
(
    cell LowCardinality(String) COMMENT 'Prefix of the pipeline',
    agent LowCardinality(String) COMMENT 'Agent whose plan it is',
    plan String COMMENT 'Action at plan',
    decided_at DateTime64(9, 'UTC') COMMENT 'When the plan was decided',
    outcome LowCardinality(String) COMMENT 'Of the plan',
    approvers Array(String) COMMENT 'People who decided about the plan',
    steps UInt64 COMMENT 'Steps that the plan lists',
    passed UInt64 COMMENT 'Actions that passed as its steps: so many times nobody was asked'
)
COMMENT 'What plans saved: one row for each plan that people decided'
AS SELECT d.cell AS cell, d.agent AS agent, d.action AS plan, d.stored_at AS decided_at, d.outcome AS outcome, d.approvers AS approvers, p.steps AS steps, countIf(s.agent != '') AS passed
FROM (SELECT * FROM events FINAL WHERE kind = 'decisions' AND decided_by = 'approvers') AS d
INNER JOIN (SELECT cell, agent, action, JSONLength(data, 'plan') AS steps FROM events FINAL WHERE kind = 'actions' AND breakpoint = 'plan') AS p
ON p.cell = d.cell AND p.agent = d.agent AND p.action = d.action
LEFT JOIN (SELECT cell, agent, JSONExtractString(data, 'decidedBy', 'plan', 'action') AS plan FROM events FINAL WHERE kind = 'decisions' AND decided_by = 'plan') AS s
ON s.cell = d.cell AND s.agent = d.agent AND s.plan = d.action
GROUP BY d.cell, d.agent, d.action, d.stored_at, d.outcome, d.approvers, p.steps;
