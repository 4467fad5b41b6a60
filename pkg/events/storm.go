package events

import "time"

// StormReported says once for many requests that a group has more open than it can be reminded of one by one. Told to the group
// itself it stands for the reminders of all; told to the tier above, it comes once a storm.
type StormReported struct {
	// Group is the group in question, To who is told.
	Group string `json:"group"`
	To    string `json:"to"`
	// Open is how many requests wait for the group; Since is when that became too many.
	Open  int       `json:"open"`
	Since time.Time `json:"since"`
	// Next are those that end first, the very first at the head; at most [MaxStormRequests].
	Next []StormRequest `json:"next,omitempty"`
}

// StormRequest is one of many requests, and when its tier ends.
type StormRequest struct {
	Request string    `json:"request"`
	Due     time.Time `json:"due"`
}

// MaxStormRequests is how many requests a report names.
const MaxStormRequests = 20

// StormReportedType is the type of [StormReported].
const StormReportedType = "dev.weighlock.storm.reported.v1"

// EventType implements [Payload].
func (*StormReported) EventType() string { return StormReportedType }

// Validate implements [Payload].
func (s *StormReported) Validate() error { return checkTokens("group", s.Group, "to", s.To) }
