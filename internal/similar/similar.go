// Package similar says which actions are alike enough to be judged together.
package similar

import (
	"slices"
	"strconv"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// Part is one thing in which similar actions are the same.
type Part string

// The parts.
const (
	Agent       Part = "agent"
	Principal   Part = "principal"
	Session     Part = "session"
	Breakpoint  Part = "breakpoint"
	Tool        Part = "tool"
	Rules       Part = "rules" // the rules that fired
	Kind        Part = "target.kind"
	Name        Part = "target.name"
	Environment Part = "target.environment"
)

// Parts are all parts.
func Parts() []Part {
	return []Part{Agent, Principal, Session, Breakpoint, Tool, Rules, Kind, Name, Environment}
}

// Default is what similar actions are the same in where nobody says otherwise: actions that differ in one of these need
// a different judgement.
func Default() []Part { return []Part{Breakpoint, Tool, Kind, Rules} }

// Key is the same for actions that are the same in every part. It is made for comparing, not for reading.
func Key(a *events.ActionAssessed, parts []Part) string {
	values := make([]string, len(parts))
	for i, p := range parts {
		values[i] = Apart(value(a, p))
	}
	return strings.Join(values, "\x01")
}

// Apart is a text without what keys are joined by: an agent chooses it, and is not to move a part of one into the next.
func Apart(text string) string {
	if strings.ContainsAny(text, "\x01\x02") {
		return strconv.Quote(text)
	}
	return text
}

func value(a *events.ActionAssessed, p Part) string {
	var t events.Target
	if a.Target != nil {
		t = *a.Target
	}
	switch p {
	case Agent:
		return a.Agent
	case Principal:
		return a.Principal
	case Session:
		return a.Session
	case Breakpoint:
		return string(a.Breakpoint)
	case Tool:
		return a.Tool
	case Rules:
		return rules(a)
	case Kind:
		return t.Kind
	case Name:
		return t.Name
	case Environment:
		return t.Environment
	}
	return a.Agent + "/" + a.Action // an unknown part makes every action one of its own
}

func rules(a *events.ActionAssessed) string {
	counted := a.Counted()
	ids := make([]string, len(counted))
	for i, rule := range counted {
		ids[i] = rule.ID
	}
	slices.Sort(ids)
	return strings.Join(ids, "\x00")
}
