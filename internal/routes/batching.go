package routes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/internal/similar"
	"github.com/weighlock/weighlock/pkg/events"
)

// Window is how long similar actions are collected for one card after the first came.
type Window struct {
	// First is the window where little is going on, Max the longest.
	First, Max time.Duration
}

const (
	// busyKind is how many actions of a kind in a minute, and busyGroup how many open cards of a group, make the window
	// the longest: one a second is more than anybody reads one by one, and who has twenty cards to read gets to
	// the next no sooner when it comes sooner.
	busyKind  = 60
	busyGroup = 20
)

// For is the window while so many actions of the kind came within the last minute and so many cards of the group are open: it
// grows in proportion to the greater of the two, from First to Max.
func (w Window) For(lately, open int) time.Duration {
	if w.First == 0 || w.Max <= w.First {
		return w.First
	}
	load := min(1, max(float64(lately-1)/busyKind, float64(open)/busyGroup, 0))
	return w.First + time.Duration(load*float64(w.Max-w.First))
}

// String is the window as it is written.
func (w Window) String() string {
	if w.Max == w.First {
		return w.First.String()
	}
	return fmt.Sprintf("%s to %s", w.First, w.Max)
}

// UrgentAt is from when on an action waits for no others; ok is false where it never is.
func (r *Route) UrgentAt(a *events.ActionAssessed) (at time.Time, ok bool) {
	if r.Urgent.Score > 0 && a.Score >= r.Urgent.Score {
		return time.Time{}, true
	}
	if a.Deadline == nil {
		return time.Time{}, false
	}
	return a.Deadline.Add(-r.Urgent.Deadline), true
}

// ReleaseAt is when an action that was assessed at a time may go on a card: at once, or with the next delivery
// unless it is urgent before.
func (r *Route) ReleaseAt(assessed time.Time, a *events.ActionAssessed) time.Time {
	at := assessed
	switch r.Delivery {
	case Now:
	case Hourly:
		at = assessed.Truncate(time.Hour).Add(time.Hour)
	case Daily:
		at = assessed.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	if urgent, ok := r.UrgentAt(a); ok && urgent.Before(at) {
		return urgent
	}
	return at
}

// Flood says how many actions an agent may have put before people, and what becomes of more.
type Flood struct {
	// Actions within Per trip the breaker when there is one more; 0 means that there is none.
	Actions int
	Per     time.Duration
	// Then is what becomes of the actions that follow.
	Then Then
	// For is how long a tripped breaker lasts, unless people approve its card before.
	For time.Duration
	// Route is the id of the route that says so: an agent is counted once for it and all below it.
	Route string
}

// Then is what becomes of the actions behind a tripped breaker.
type Then string

// What becomes of them.
const (
	Wait Then = "wait" // for what people say to the card about the flood
	Deny Then = "deny"
)

const (
	maxFlood    = 1000
	maxFloodPer = time.Hour
	maxFloodFor = 24 * time.Hour
)

// Similarity says which actions share a card.
type Similarity struct {
	parts []similar.Part
	text  *rulefile.Value
}

// SameIn lets those share a card that are the same in every part.
func SameIn(parts ...similar.Part) Similarity { return Similarity{parts: parts} }

// Key is the same for actions that may share a card of the route. What it cannot be found for is alone.
func (r *Route) Key(a Action) string {
	keys := make([]string, 0, 1)
	for _, s := range r.Similar {
		key := similar.Key(a.Assessed, s.parts)
		if s.text != nil {
			text, err := s.text.Of(a)
			if err != nil {
				return a.Assessed.Agent + "/" + a.Assessed.Action
			}
			key = similar.Apart(text)
		}
		keys = append(keys, key)
	}
	return strings.Join(keys, "\x02")
}

type fileFlood struct {
	Actions int           `yaml:"actions"`
	Per     time.Duration `yaml:"per"`
	Then    Then          `yaml:"then"`
	For     time.Duration `yaml:"for"`
}

// fileWindow is one time, or the first and the longest.
type fileWindow struct {
	Window

	unknown string // a key that it has not
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (w *fileWindow) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		err := node.Decode(&w.First)
		w.Max = w.First
		return err
	}
	in := map[string]time.Duration{}
	if err := node.Decode(&in); err != nil {
		return err
	}
	for name := range in {
		if name != "first" && name != "max" {
			w.unknown = name
		}
	}
	w.First, w.Max = in["first"], in["max"]
	if _, ok := in["max"]; !ok {
		w.Max = w.First
	}
	return nil
}

// fileSimilar is a list of parts, or a text in CEL.
type fileSimilar struct {
	parts []similar.Part
	text  string
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *fileSimilar) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&s.text)
	}
	return node.Decode(&s.parts)
}

// batching reads how actions come onto cards.
func (r *reader) batching(at func(...any) []any, in *fileRoute, n *node) error {
	if in.Window != nil {
		n.Window = in.Window.Window
		if in.Window.unknown != "" {
			return r.file.Errorf(at("window", in.Window.unknown), "write such as 2s, or {first: 2s, max: 20s}", "is not part of a window")
		}
	}
	switch {
	case n.Window.First < 0 || n.Window.Max > maxWindow:
		return r.file.Errorf(at("window"), "use 0s to "+maxWindow.String(), "is %s", n.Window)
	case n.Window.Max < n.Window.First:
		return r.file.Errorf(at("window", "max"), "make it at least first", "is %s, less than %s", n.Window.Max, n.Window.First)
	}
	if in.Similar != nil {
		if err := r.similar(at, in.Similar, n); err != nil {
			return err
		}
	}
	return r.flood(at, in.Flood, n)
}

func (r *reader) similar(at func(...any) []any, in *fileSimilar, n *node) error {
	if in.text != "" {
		text, err := r.facts.CompileText(r.file, at("similar"), in.text)
		n.Similar = []Similarity{{text: &text}}
		return err
	}
	if len(in.parts) == 0 {
		return r.file.Errorf(at("similar"), "name what similar actions share, such as [tool, target.kind, rules]", "is empty")
	}
	for i, part := range in.parts {
		if !slices.Contains(similar.Parts(), part) {
			return r.file.Errorf(at("similar", i), "use "+joined(similar.Parts())+`, or one text in CEL such as "tool + target.name"`, "is %q", string(part))
		}
	}
	n.Similar = []Similarity{{parts: in.parts}}
	return nil
}

func (r *reader) flood(at func(...any) []any, in *fileFlood, n *node) error {
	if in == nil {
		return nil
	}
	n.Flood = Flood{Actions: in.Actions, Per: in.Per, Then: in.Then, For: in.For, Route: n.ID}
	if in.Actions == 0 {
		return nil // switched off
	}
	switch {
	case in.Actions < 1 || in.Actions > maxFlood:
		return r.file.Errorf(at("flood", "actions"), fmt.Sprintf("use 1 to %d, or 0 for no breaker", maxFlood), "is %d", in.Actions)
	case in.Per <= 0 || in.Per > maxFloodPer:
		return r.file.Errorf(at("flood", "per"), "give a time such as 1m, at most "+maxFloodPer.String(), "is %s", in.Per)
	case in.Then != Wait && in.Then != Deny:
		return r.file.Errorf(at("flood", "then"), "use wait or deny", "is %q", string(in.Then))
	case in.For <= 0 || in.For > maxFloodFor:
		return r.file.Errorf(at("flood", "for"), "give a time such as 10m, at most "+maxFloodFor.String(), "is %s", in.For)
	}
	return nil
}

// joinFloods keeps the breaker that trips first.
func joinFloods(a, b Flood) Flood {
	rate := func(f Flood) float64 { return float64(f.Actions) / f.Per.Seconds() }
	if a.Actions == 0 || b.Actions > 0 && rate(b) < rate(a) {
		return b
	}
	return a
}
