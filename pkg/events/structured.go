package events

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// EncodeStructured writes e in structured mode: one JSON object that holds the
// attributes and the data, byte for byte; data that JSON cannot carry so is written as base64.
func EncodeStructured(e Event) (Header, []byte, error) {
	body, err := appendAttributes(make([]byte, 0, 512+len(e.Data)), e)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding event %s: %w", e.ID, err)
	}
	header := Header{contentTypeHeader: {structuredContentType}}
	if len(e.Data) == 0 {
		return header, append(body, '}'), nil
	}
	if inline := bytes.TrimSpace(e.Data); isJSON(e.DataContentType) && len(inline) == len(e.Data) && string(inline) != "null" {
		whole := append(append(append(slices.Clone(body), `,"data":`...), e.Data...), '}')
		if jsontext.Value(whole).IsValid() && jsontext.Value(e.Data).IsValid() {
			return header, whole, nil
		}
	}
	body = append(body, `,"data_base64":"`...)
	body = base64.StdEncoding.AppendEncode(body, e.Data)
	return header, append(body, `"}`...), nil
}

func appendAttributes(body []byte, e Event) ([]byte, error) {
	if err := checkRequired(e); err != nil {
		return nil, err
	}
	body = append(body, `{"specversion":"1.0"`...)
	var invalid error
	set := func(name, value string) {
		body = append(append(append(body, `,"`...), name...), `":`...)
		quoted, err := jsontext.AppendQuote(body, value)
		if err != nil {
			invalid = &FieldError{Field: name, Problem: "is not UTF-8"}
		}
		body = quoted
	}
	for _, key := range attributeKeys {
		name := key[len(headerPrefix):]
		if value := *attribute(&e, name); value != "" {
			set(name, value)
		}
	}
	if !e.Time.IsZero() {
		at := e.Time.UTC()
		invalid = firstError(invalid, checkTime("time", at))
		set("time", at.Format(time.RFC3339Nano))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Extensions)) {
		if err := checkExtension(name); err != nil {
			return nil, err
		}
		set(name, e.Extensions[name])
	}
	return body, invalid
}

func decodeStructured(body []byte) (Event, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	if dec.PeekKind() != '{' {
		return Event{}, bodyError("is not a JSON object")
	}
	_, _ = dec.ReadToken() // the brace just seen
	var e Event
	var data, data64 []byte
	version := ""
	for dec.PeekKind() != '}' {
		key, err := dec.ReadToken()
		if err != nil {
			return Event{}, bodyError("cannot be read: " + err.Error())
		}
		name := key.String()
		raw, err := dec.ReadValue()
		if err != nil {
			return Event{}, bodyError("cannot be read: " + err.Error())
		}
		switch {
		case raw.Kind() == 'n': // null means absent
		case name == "data":
			data = bytes.Clone(raw)
		case name == "data_base64":
			data64 = bytes.Clone(raw)
		default:
			if err := setText(&e, &version, name, raw); err != nil {
				return Event{}, err
			}
		}
	}
	_, _ = dec.ReadToken()
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return Event{}, bodyError("is followed by something else")
	}
	if err := setData(&e, data, data64); err != nil {
		return Event{}, err
	}
	return e, checkDecoded(e, version)
}

// setText takes an attribute over as text: CloudEvents allows strings, booleans and integers.
func setText(e *Event, version *string, name string, raw jsontext.Value) error {
	text := string(raw)
	switch raw.Kind() {
	case '{', '[':
		return &FieldError{Field: name, Problem: "is not a string, number or boolean", Fix: "CloudEvents attributes are simple values"}
	case '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return &FieldError{Field: name, Problem: err.Error()}
		}
	}
	if name == "specversion" {
		*version = text
		return nil
	}
	return setAttribute(e, name, text)
}

// setData runs last, because what data means depends on the content type.
func setData(e *Event, data, data64 []byte) error {
	switch {
	case data != nil && data64 != nil:
		return &FieldError{Field: "data", Problem: "is given beside data_base64", Fix: "send one of them"}
	case data64 != nil:
		if err := json.Unmarshal(data64, &e.Data); err != nil {
			return &FieldError{Field: "data_base64", Problem: "is not base64: " + err.Error(), Fix: "use the standard alphabet with padding"}
		}
	case data != nil && data[0] == '"' && !isJSON(e.DataContentType):
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return &FieldError{Field: "data", Problem: err.Error()}
		}
		e.Data = []byte(text)
	default:
		e.Data = data
	}
	return nil
}

func bodyError(problem string) error {
	return &FieldError{Field: "body", Problem: problem, Fix: "send one JSON object in UTF-8 with each key once"}
}
