package events

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"time"
	"unicode/utf8"
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
	h := make(Header, 12+len(e.Extensions))
	// One backing array for all values: a header is on every hop of every action.
	values := make([]string, 0, 12+len(e.Extensions))
	var invalid error
	set := func(key, value string) {
		if !utf8.ValidString(value) {
			invalid = &FieldError{Field: key, Problem: "is not UTF-8"}
		}
		values = append(values, percentEncode(value))
		h[key] = values[len(values)-1 : len(values) : len(values)]
	}
	set("ce-specversion", specVersion)
	for _, key := range attributeKeys {
		if value := *attribute(&e, key[len(headerPrefix):]); value != "" {
			set(key, value)
		}
	}
	if !e.Time.IsZero() {
		at := e.Time.UTC()
		invalid = firstError(invalid, checkTime("time", at))
		set("ce-time", at.Format(time.RFC3339Nano))
	}
	for name, value := range e.Extensions {
		if err := checkExtension(name); err != nil {
			return nil, nil, err
		}
		set(headerPrefix+name, value)
	}
	if invalid != nil {
		return nil, nil, invalid
	}
	return h, e.Data, nil
}

// attributeKeys are the headers of the textual attributes.
var attributeKeys = [...]string{
	"ce-id", "ce-source", "ce-type", "ce-subject", "ce-datacontenttype", "ce-dataschema",
	"ce-replyto", "ce-traceparent", "ce-causationid", "ce-policyversion",
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
	// CloudEvents' Go SDK sends structured mode without a content type.
	if first(h, "ce-specversion") == "" && first(h, "ce-id") == "" && bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) && bytes.Contains(data, []byte(`"specversion"`)) {
		return decodeStructured(data)
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
