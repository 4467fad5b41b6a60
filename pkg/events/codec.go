package events

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"strings"
	"time"
)

// Header is the header of a NATS message; nats.Header converts to and from it freely.
type Header = map[string][]string

const (
	specVersion           = "1.0"
	headerPrefix          = "ce-"
	contentTypeHeader     = "Content-Type"
	structuredContentType = "application/cloudevents+json"
)

// EncodeBinary writes e in binary mode: every attribute as a percent-encoded
// "ce-" header, the data as it is. It fails where a required attribute is missing
// or an extension's name is not one CloudEvents allows.
func EncodeBinary(e Event) (Header, []byte, error) {
	if err := checkRequired(e); err != nil {
		return nil, nil, err
	}
	h := make(Header, 10+len(e.Extensions))
	// One backing array for all values: a header is on every hop of every action.
	values := make([]string, 0, 12+len(e.Extensions))
	set := func(name, value string) {
		values = append(values, percentEncode(value))
		h[headerPrefix+name] = values[len(values)-1 : len(values) : len(values)]
	}
	set("specversion", specVersion)
	for _, a := range attributes(&e) {
		if *a.value != "" {
			set(a.name, *a.value)
		}
	}
	if !e.Time.IsZero() {
		set("time", e.Time.UTC().Format(time.RFC3339Nano))
	}
	for name, value := range e.Extensions {
		if err := checkExtension(name); err != nil {
			return nil, nil, err
		}
		set(name, value)
	}
	return h, e.Data, nil
}

// EncodeStructured writes e in structured mode: one JSON object that holds the
// attributes and the data.
func EncodeStructured(e Event) (Header, []byte, error) {
	if err := checkRequired(e); err != nil {
		return nil, nil, err
	}
	m := make(map[string]any, 12+len(e.Extensions))
	for name, value := range e.Extensions {
		if err := checkExtension(name); err != nil {
			return nil, nil, err
		}
		m[name] = value
	}
	m["specversion"] = specVersion
	for _, a := range attributes(&e) {
		if *a.value != "" {
			m[a.name] = *a.value
		}
	}
	if !e.Time.IsZero() {
		m["time"] = e.Time.UTC().Format(time.RFC3339Nano)
	}
	switch {
	case len(e.Data) == 0:
	case isJSON(e.DataContentType) && json.Valid(e.Data):
		m["data"] = json.RawMessage(e.Data)
	default:
		m["data_base64"] = base64.StdEncoding.EncodeToString(e.Data)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding event %s: %w", e.ID, err)
	}
	return Header{contentTypeHeader: {structuredContentType}}, body, nil
}

// Decode reads an event in either mode: structured where the content type says
// so, binary otherwise. Attributes it does not know end in Extensions.
func Decode(h Header, data []byte) (Event, error) {
	if ct := first(h, contentTypeHeader); ct != "" {
		media, _, err := mime.ParseMediaType(ct)
		if err == nil && strings.HasPrefix(media, "application/cloudevents") {
			if media != structuredContentType {
				return Event{}, &FieldError{Field: contentTypeHeader, Problem: fmt.Sprintf("is %q", ct), Fix: "send " + structuredContentType + " or binary mode"}
			}
			return decodeStructured(data)
		}
	}
	return decodeBinary(h, data)
}

func decodeBinary(h Header, data []byte) (Event, error) {
	e := Event{Data: data}
	version := ""
	for key, values := range h {
		name, ok := strings.CutPrefix(key, headerPrefix)
		if !ok || len(values) == 0 {
			continue
		}
		if len(values) > 1 {
			return Event{}, &FieldError{Field: key, Problem: fmt.Sprintf("is given %d times", len(values)), Fix: "send it once"}
		}
		value, err := percentDecode(values[0])
		if err != nil {
			return Event{}, &FieldError{Field: key, Problem: err.Error(), Fix: "percent-encode it as CloudEvents' NATS binding says"}
		}
		if name == "specversion" {
			version = value
			continue
		}
		if err := setAttribute(&e, name, value); err != nil {
			return Event{}, err
		}
	}
	if version == "" && e.ID == "" && e.Type == "" {
		return Event{}, &FieldError{Field: "message", Problem: "is not a CloudEvent: it has no ce- headers", Fix: "send ce-specversion, ce-id, ce-source and ce-type, or structured mode with Content-Type " + structuredContentType}
	}
	return e, checkDecoded(e, version)
}

func decodeStructured(body []byte) (Event, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return Event{}, &FieldError{Field: "body", Problem: "is not a JSON object: " + err.Error()}
	}
	var e Event
	version := ""
	for name, raw := range m {
		switch name {
		case "data":
			if !bytes.Equal(raw, []byte("null")) {
				e.Data = raw
			}
			continue
		case "data_base64":
			if err := json.Unmarshal(raw, &e.Data); err != nil {
				return Event{}, &FieldError{Field: name, Problem: "is not base64: " + err.Error()}
			}
			continue
		}
		value, null, err := attributeText(name, raw)
		if err != nil {
			return Event{}, err
		}
		switch {
		case null:
		case name == "specversion":
			version = value
		default:
			if err := setAttribute(&e, name, value); err != nil {
				return Event{}, err
			}
		}
	}
	if m["data"] != nil && m["data_base64"] != nil {
		return Event{}, &FieldError{Field: "data", Problem: "is given beside data_base64", Fix: "send one of them"}
	}
	return e, checkDecoded(e, version)
}

// attributeText gives the canonical text of an attribute: CloudEvents allows
// strings, booleans and integers.
func attributeText(name string, raw json.RawMessage) (text string, null bool, err error) {
	switch raw[0] {
	case 'n':
		return "", true, nil
	case '{', '[':
		return "", false, &FieldError{Field: name, Problem: "is not a string, number or boolean", Fix: "CloudEvents attributes are simple values"}
	case '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", false, &FieldError{Field: name, Problem: err.Error()}
		}
		return text, false, nil
	}
	return string(raw), false, nil
}

type attribute struct {
	name  string
	value *string
}

// attributes lists the textual attributes with a field of their own.
func attributes(e *Event) [10]attribute {
	return [...]attribute{
		{"id", &e.ID}, {"source", &e.Source}, {"type", &e.Type}, {"subject", &e.Subject},
		{"datacontenttype", &e.DataContentType}, {"dataschema", &e.DataSchema},
		{"replyto", &e.ReplyTo}, {"traceparent", &e.TraceParent}, {"causationid", &e.CausationID},
		{"policyversion", &e.PolicyVersion},
	}
}
