package events

import (
	"fmt"
	"strconv"
	"time"
)

// HandOverKind says what somebody does with a request beside answering it.
type HandOverKind string

// The hand-overs.
const (
	Acknowledge HandOverKind = "acknowledge" // "looking at it": holds the next tier back once, for a while
	Reassign    HandOverKind = "reassign"    // to somebody else who may answer
	Ask         HandOverKind = "ask"         // the agent a question, whose answer goes onto the card
	Snooze      HandOverKind = "snooze"      // no reminders for this person until a time
)

const (
	// MaxQuestionLength is the longest question to an agent, in bytes.
	MaxQuestionLength = 500
	// MaxHoldSeconds is the longest that an acknowledgement can ask for: a day.
	MaxHoldSeconds = 24 * 60 * 60
	// MaxAnswerLength is the longest answer of an agent, in bytes.
	MaxAnswerLength = 2000
)

// HandOverCast is what an approver does with a request beside answering it. Who, and through which channel,
// is in the subject; Request and Approver may repeat it.
type HandOverCast struct {
	Request  string       `json:"request,omitempty"`
	Approver string       `json:"approver,omitempty"`
	Kind     HandOverKind `json:"kind"`
	// Seconds is for how long an acknowledgement holds the next tier back, at most what the route allows; 0 means just that.
	Seconds int `json:"seconds,omitempty"`
	// To is the person, or ToGroup the group, a request is reassigned to.
	To      string `json:"to,omitempty"`
	ToGroup string `json:"toGroup,omitempty"`
	// Question is asked about item Item of the card, or about all of it where that is 0.
	Question string `json:"question,omitempty"`
	Item     int    `json:"item,omitempty"`
	// Until is when a snooze ends.
	Until   *time.Time `json:"until,omitempty"`
	Comment string     `json:"comment,omitempty"`
}

// HandOverCastType is the type of [HandOverCast].
const HandOverCastType = "dev.weighlock.handover.cast.v1"

// EventType implements [Payload].
func (*HandOverCast) EventType() string { return HandOverCastType }

// Validate implements [Payload].
func (h *HandOverCast) Validate() error {
	if err := oneOf("kind", h.Kind, Acknowledge, Reassign, Ask, Snooze); err != nil {
		return err
	}
	if len(h.Comment) > MaxCommentLength {
		return &FieldError{Field: "comment", Problem: fmt.Sprintf("has %d bytes", len(h.Comment)), Fix: "use at most " + strconv.Itoa(MaxCommentLength)}
	}
	switch h.Kind {
	case Acknowledge:
		if h.Seconds < 0 || h.Seconds > MaxHoldSeconds {
			return &FieldError{Field: "seconds", Problem: fmt.Sprintf("is %d", h.Seconds), Fix: fmt.Sprintf("use at most %d, or 0 for as long as the route allows", MaxHoldSeconds)}
		}
	case Reassign:
		return h.validateTo()
	case Ask:
		return h.validateQuestion()
	case Snooze:
		if h.Until == nil {
			return missing("until", "say when to come back")
		}
		return checkTime("until", *h.Until)
	}
	return nil
}

func (h *HandOverCast) validateTo() error {
	switch {
	case h.To == "" && h.ToGroup == "":
		return missing("to", "name a person, or a group in toGroup")
	case h.To != "" && h.ToGroup != "":
		return &FieldError{Field: "toGroup", Problem: "comes with to", Fix: "name a person or a group"}
	case h.To != "":
		return CheckToken("to", h.To)
	}
	return CheckToken("toGroup", h.ToGroup)
}

func (h *HandOverCast) validateQuestion() error {
	switch {
	case h.Question == "":
		return missing("question", "say what the agent is to tell")
	case len(h.Question) > MaxQuestionLength:
		return &FieldError{Field: "question", Problem: fmt.Sprintf("has %d bytes", len(h.Question)), Fix: "use at most " + strconv.Itoa(MaxQuestionLength)}
	case h.Item < 0:
		return &FieldError{Field: "item", Problem: fmt.Sprintf("is %d", h.Item), Fix: "items are numbered from 1; 0 means the whole card"}
	}
	return nil
}

// QuestionID names the question that the hand-over with this sequence in the stream of verdicts asks: one safe token.
func QuestionID(sequence uint64) string { return "q-" + strconv.FormatUint(sequence, 10) }

// QuestionAnswered is an agent's answer to a question about one of its actions.
type QuestionAnswered struct {
	Agent    string `json:"agent"`
	Action   string `json:"action"`
	Question string `json:"question"` // the question's id
	Answer   string `json:"answer"`
}

// QuestionAnsweredType is the type of [QuestionAnswered].
const QuestionAnsweredType = "dev.weighlock.question.answered.v1"

// EventType implements [Payload].
func (*QuestionAnswered) EventType() string { return QuestionAnsweredType }

// Validate implements [Payload].
func (q *QuestionAnswered) Validate() error {
	switch {
	case q.Answer == "":
		return missing("answer", "say what was asked for, or that it is not known")
	case len(q.Answer) > MaxAnswerLength:
		return &FieldError{Field: "answer", Problem: fmt.Sprintf("has %d bytes", len(q.Answer)), Fix: "use at most " + strconv.Itoa(MaxAnswerLength)}
	}
	return checkTokens("agent", q.Agent, "action", q.Action, "question", q.Question)
}
