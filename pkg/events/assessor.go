package events

import "encoding/json"

// AssessorQuestion is what a further assessor is asked on its subject (see [Subjects.Assessor]). It is
// no event: nothing is stored before the assessment is.
type AssessorQuestion struct {
	ActionRef
	// Data is the data of the proposed action's event, an [ActionProposed], as the agent sent it.
	Data json.RawMessage `json:"data"`
	// Assessment is what the policy says without further assessors.
	Assessment PreliminaryAssessment `json:"assessment"`
}

// PreliminaryAssessment is the policy's own part of an assessment.
type PreliminaryAssessment struct {
	Level  Level       `json:"level"`
	Score  int         `json:"score"`
	Reason string      `json:"reason"`
	Rules  []FiredRule `json:"rules,omitempty"`
}

// AssessorAnswer is what a further assessor answers: either Score or Points, never both. Whatever else
// it says counts as nonsense, which has an effect of its own.
type AssessorAnswer struct {
	// Score is how risky the action is, 0 to 100. One that is lower than the policy's changes nothing.
	Score *float64 `json:"score,omitempty"`
	// Points, 0 to 100, are added to the policy's score.
	Points *float64 `json:"points,omitempty"`
	// Reason says why, in one sentence for people; required.
	Reason string `json:"reason"`
	// Tags name what was found; at most 8 of at most 64 bytes.
	Tags []string `json:"tags,omitempty"`
}
