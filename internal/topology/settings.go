// Package topology states the streams and buckets of a pipeline, makes them, and
// changes them where that is safe.
package topology

import (
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

const day = 24 * time.Hour

// Settings are what a user may choose about the streams.
type Settings struct {
	Subjects events.Subjects
	// Replicas is how many servers keep each stream: 1 to 5, odd. Production uses 3.
	Replicas int
	// Retention is how long messages are kept.
	Retention Retention
	// LongestRequest is the longest a request may stay open. Every stream keeps its
	// messages longer than that.
	LongestRequest time.Duration
	// MaxPayload is the largest message in bytes that agents and approvers may
	// store; 0 leaves it to the server's maximum payload.
	MaxPayload int32
}

// Retention is the greatest age of the messages of each stream. Timers and the
// state of requests do not age; they are removed when they have done their work.
type Retention struct {
	Actions   time.Duration
	Events    time.Duration
	Verdicts  time.Duration
	Decisions time.Duration
	Private   time.Duration
}

// Default returns the settings for one server.
func Default(s events.Subjects) Settings {
	return Settings{
		Subjects: s,
		Replicas: 1,
		Retention: Retention{
			Actions: 30 * day, Events: 30 * day, Verdicts: 30 * day, Decisions: 90 * day, Private: 30 * day,
		},
		LongestRequest: 7 * day,
	}
}

// Validate checks the settings. The error names the setting and the way out.
func (set Settings) Validate() error {
	if err := events.CheckToken("prefix", set.Subjects.Prefix()); err != nil {
		return err
	}
	if set.Replicas < 1 || set.Replicas > 5 || set.Replicas%2 == 0 {
		return &events.FieldError{Field: "replicas", Problem: fmt.Sprintf("is %d", set.Replicas), Fix: "use 1, 3 or 5"}
	}
	if set.LongestRequest <= 0 {
		return &events.FieldError{Field: "longestRequest", Problem: fmt.Sprintf("is %s", set.LongestRequest), Fix: "use a positive time"}
	}
	if set.MaxPayload < 0 {
		return &events.FieldError{Field: "maxPayload", Problem: fmt.Sprintf("is %d", set.MaxPayload), Fix: "use a number of bytes, or 0 for the server's"}
	}
	return set.Retention.validate(set.LongestRequest)
}

func (r Retention) validate(longestRequest time.Duration) error {
	for _, f := range []struct {
		name string
		age  time.Duration
	}{{"actions", r.Actions}, {"events", r.Events}, {"verdicts", r.Verdicts}, {"decisions", r.Decisions}, {"private", r.Private}} {
		if f.age <= longestRequest {
			return &events.FieldError{
				Field:   "retention." + f.name,
				Problem: fmt.Sprintf("is %s, but a request may stay open for %s", f.age, longestRequest),
				Fix:     "keep messages longer than the longest request",
			}
		}
	}
	if r.Decisions < r.Actions {
		return &events.FieldError{
			Field:   "retention.decisions",
			Problem: fmt.Sprintf("is %s, but actions are kept for %s", r.Decisions, r.Actions),
			Fix:     "keep decisions at least as long as actions, or one action could be decided twice",
		}
	}
	return nil
}

// maxMsgSize is MaxPayload as the server writes it.
func (set Settings) maxMsgSize() int32 {
	if set.MaxPayload == 0 {
		return -1
	}
	return set.MaxPayload
}
