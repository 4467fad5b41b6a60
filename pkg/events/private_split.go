package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// privatePlaces are the places in an action that may be private. "*" is any element of a list, "**" one step or more.
var privatePlaces = [][]string{
	{"arguments", "**"}, {"request"}, {"reasoning"}, {"memory", "*", "text"}, {"impact", "summary"},
	{"plan", "*", "description"}, {"plan", "*", "arguments", "**"},
}

// CheckPrivatePointer reports whether a field of an action may be private: a JSON pointer (RFC 6901) into the action, in which "*" stands for
// every element of a list.
func CheckPrivatePointer(pointer string) error {
	steps := strings.Split(pointer, "/")
	if steps[0] == "" && slices.ContainsFunc(privatePlaces, func(place []string) bool { return atPlace(steps[1:], place) }) {
		return nil
	}
	return &FieldError{
		Field: "private", Problem: fmt.Sprintf("is %.80q", pointer),
		Fix: "write a pointer such as /arguments/iban, /request, /reasoning, /memory/*/text, /impact/summary, /plan/*/description or /plan/*/arguments/iban",
	}
}

func atPlace(steps, place []string) bool {
	for i, want := range place {
		switch {
		case want == "**":
			return len(steps) > i
		case i >= len(steps), want != "*" && want != steps[i]:
			return false
		}
	}
	return len(steps) == len(place)
}

// Split takes the private values out of an action: marks stand in their places, and the action lists their commitments. Pointers to
// nothing are passed over; stored is nil where nothing is private. salt gives the salt for the value at a place; nil draws each with [NewSalt].
func Split(agent, action string, a *ActionProposed, pointers []string, salt func(PrivateValue) string) (split *ActionProposed, stored *PrivateStored, err error) {
	for _, pointer := range pointers {
		if err := CheckPrivatePointer(pointer); err != nil {
			return nil, nil, err
		}
	}
	if len(pointers) == 0 {
		return a, nil, nil
	}
	data, err := marshal(a)
	if err != nil {
		return nil, nil, err
	}
	s := splitter{agent: agent, action: action, salt: salt}
	for _, pointer := range pointers {
		s.pointers = append(s.pointers, strings.Split(pointer, "/"))
	}
	if data, err = rewrite(data, s.take); err != nil {
		return nil, nil, err
	}
	switch {
	case s.err != nil:
		return nil, nil, s.err
	case len(s.values) == 0:
		return a, nil, nil
	case len(s.values) > MaxPrivate:
		return nil, nil, tooManyPrivate("private", len(s.values))
	}
	split = new(ActionProposed)
	if err := unmarshal(data, split); err != nil {
		return nil, nil, err
	}
	split.Private = s.fields
	return split, &PrivateStored{Agent: agent, Action: action, Principal: a.Principal, Values: s.values}, nil
}

type splitter struct {
	agent, action string
	pointers      [][]string
	salt          func(PrivateValue) string

	fields []PrivateField
	values []PrivateValue
	err    error
}

// take replaces a private value by its mark.
func (s *splitter) take(at string, v any) (any, bool) {
	steps := strings.Split(at, "/")
	if !slices.ContainsFunc(s.pointers, func(p []string) bool { return pointsAt(p, steps) }) {
		return nil, false
	}
	raw, err := encode(v)
	value := PrivateValue{Pointer: at, Value: raw}
	if err == nil {
		value.Value, err = canonicalValue(raw)
	}
	if err == nil {
		if s.salt != nil {
			value.Salt = s.salt(value)
		}
		if value.Salt == "" {
			value.Salt = NewSalt()
		}
		var c string
		if c, err = Commitment(s.agent, s.action, value); err == nil {
			f := PrivateField{Pointer: at, Commitment: c}
			s.fields, s.values = append(s.fields, f), append(s.values, value)
			return f.Mark(), true
		}
	}
	s.err = err
	return nil, false
}

func pointsAt(pointer, steps []string) bool {
	if len(pointer) != len(steps) {
		return false
	}
	for i, p := range pointer {
		if p != steps[i] && (p != "*" || strings.Trim(steps[i], "0123456789") != "") {
			return false
		}
	}
	return true
}

// rewrite replaces values in a document: change is asked for every value, from the outside in and in the order of the keys, with its pointer.
func rewrite(document json.RawMessage, change func(at string, v any) (any, bool)) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("reading what is private: %w", err)
	}
	return encode(rewriteValue("", v, change))
}

func rewriteValue(at string, v any, change func(string, any) (any, bool)) any {
	if other, ok := change(at, v); ok {
		return other
	}
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			v[name] = rewriteValue(at+"/"+pointerEscape.Replace(name), v[name], change)
		}
	case []any:
		for i := range v {
			v[i] = rewriteValue(at+"/"+strconv.Itoa(i), v[i], change)
		}
	}
	return v
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("writing what is private: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
