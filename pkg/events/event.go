package events

import (
	"fmt"
	"time"
)

// Event is one CloudEvent 1.0: its attributes and its exact data.
type Event struct {
	// ID is unique within Source; at most 64 KiB, never empty.
	ID string
	// Source is a URI reference that says who made the event, such as
	// "/agents/billing" or "/services/riskscorer".
	Source string
	// Type is one of this package's types, or one this version does not know.
	Type string
	// Subject is the CloudEvents attribute "subject": what the event is about,
	// such as "billing/a-17". It is not the NATS subject.
	Subject string
	// Time is when the event happened; zero where the producer did not say.
	Time time.Time
	// DataContentType is the media type of Data; "" means JSON.
	DataContentType string
	// DataSchema is a URI of the data's schema; may be empty.
	DataSchema string

	// ReplyTo is where the agent listens for its decision (see [CheckReplyTo]).
	ReplyTo string
	// TraceParent is the W3C trace context of the action, handed on unchanged in
	// every event that the action leads to.
	TraceParent string
	// CausationID is the id of the event that led to this one.
	CausationID string
	// PolicyVersion is the hash of the policy that was used.
	PolicyVersion string
	// Extensions holds every other extension attribute by its name (lower-case
	// letters and digits); nil where there is none.
	Extensions map[string]string

	// Data is the payload as it was on the wire; empty where there is none.
	Data []byte
}

// Payload is the typed data of an event of this package.
type Payload interface {
	// EventType is the CloudEvents type, such as "dev.weighlock.action.proposed.v1".
	EventType() string
	// Validate names the first field that is wrong, as a [*FieldError].
	Validate() error
}

// ContentTypeJSON is the media type of every payload of this package.
const ContentTypeJSON = "application/json"

// New makes an event that carries p. It fails where p does not validate or
// cannot be written as JSON. Time is set by the caller, so that a decision stays a
// pure function of its inputs.
func New(p Payload, id, source string, at time.Time) (Event, error) {
	if err := p.Validate(); err != nil {
		return Event{}, fmt.Errorf("%s: %w", p.EventType(), err)
	}
	data, err := marshal(p)
	if err != nil {
		return Event{}, fmt.Errorf("encoding %s: %w", p.EventType(), err)
	}
	return Event{ID: id, Source: source, Type: p.EventType(), Time: at, DataContentType: ContentTypeJSON, Data: data}, nil
}

// Because makes e a consequence of cause: it takes over the trace and names the cause.
func (e Event) Because(cause Event) Event {
	e.TraceParent, e.CausationID = cause.TraceParent, cause.ID
	return e
}

// As decodes the payload of e into T and validates it. Fields that T does not
// know are ignored here and kept in e.Data.
func As[T any, P interface {
	*T
	Payload
}](e Event) (*T, error) {
	p := P(new(T))
	if e.Type != p.EventType() {
		return nil, &FieldError{Field: "type", Problem: fmt.Sprintf("is %q", e.Type), Fix: "expected " + p.EventType()}
	}
	if !isJSON(e.DataContentType) {
		return nil, &FieldError{Field: "datacontenttype", Problem: fmt.Sprintf("is %q", e.DataContentType), Fix: "send " + ContentTypeJSON}
	}
	if err := unmarshal(e.Data, p); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return (*T)(p), nil
}
