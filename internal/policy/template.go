package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/weighlock/weighlock/internal/facts"
)

// Limits of what a reason repeats of an action: agents choose these texts.
const (
	maxValue = 80 // bytes of one value
	maxItems = 3  // of a list
)

// template is a reason with facts in it.
type template struct {
	text  string // the whole reason where it has no facts
	parts []part
}

// part is literal text, or a fact.
type part struct {
	literal string
	isFact  bool
	at      facts.Place
}

var factName = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*(\.[a-zA-Z0-9_]+)*$`)

// parseTemplate reads facts in braces; "{{" and "}}" are braces themselves. It returns what is
// wrong, as a predicate, and the way out.
func parseTemplate(text string) (t template, problem, fix string) {
	var literal strings.Builder
	for rest := text; rest != ""; {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			literal.WriteString(rest)
			break
		}
		literal.WriteString(rest[:i])
		if strings.HasPrefix(rest[i:], "{{") || strings.HasPrefix(rest[i:], "}}") {
			literal.WriteByte(rest[i])
			rest = rest[i+2:]
			continue
		}
		name, after, closed := strings.Cut(rest[i+1:], "}")
		if rest[i] == '}' || !closed {
			return t, "has a brace without its other half", "write {{ or }} for a brace itself"
		}
		at, known := facts.Find(name)
		if !known {
			return t, fmt.Sprintf("names the fact %q, which there is not", name), nearestFact(name)
		}
		t.parts = append(t.parts, part{literal: literal.String()}, part{isFact: true, at: at})
		literal.Reset()
		rest = after
	}
	if len(t.parts) == 0 {
		return template{text: literal.String()}, "", ""
	}
	t.parts = append(t.parts, part{literal: literal.String()})
	return t, "", ""
}

func nearestFact(name string) string {
	if !factName.MatchString(name) {
		return "write a fact's name and nothing else between the braces"
	}
	all := facts.All()
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	if near := didYouMean(name, names); strings.HasPrefix(near, "did") {
		return near
	}
	return "see docs/facts.md for the facts there are"
}

// hidden stands in a reason for what depends on private values.
const hidden = "‹private›"

// fill puts the facts in; those that read otherwise in shown, which may be nil, are hidden.
func (t template) fill(set, shown *facts.Set) string {
	if len(t.parts) == 0 {
		return t.text
	}
	var b strings.Builder
	b.Grow(maxReason / 2)
	for _, p := range t.parts {
		if p.isFact {
			text := valueText(set.Value(p.at))
			if shown != nil && valueText(shown.Value(p.at)) != text {
				text = hidden
			}
			b.WriteString(text)
		} else {
			b.WriteString(p.literal)
		}
	}
	return b.String()
}

// valueText is a fact for people: short, and with nothing in it that could pass for something
// else on a card.
func valueText(v ref.Val) string {
	switch v := v.(type) {
	case types.Bool:
		return map[bool]string{true: "yes", false: "no"}[bool(v)]
	case types.Int:
		return strconv.FormatInt(int64(v), 10)
	case types.Double:
		return strconv.FormatFloat(float64(v), 'f', -1, 64)
	case types.String:
		return short(string(v))
	}
	if list, ok := v.Value().([]string); ok {
		return listText(list)
	}
	return "(unknown)"
}

func listText(list []string) string {
	items := make([]string, 0, maxItems+1)
	for i, item := range list {
		if i == maxItems {
			items = append(items, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		items = append(items, short(item))
	}
	if len(items) == 0 {
		return "none"
	}
	return strings.Join(items, ", ")
}

func short(s string) string {
	if len(s) > 4*maxValue {
		s = s[:4*maxValue] // what follows could not be shown anyway
	}
	if s = strings.TrimSpace(Neutral(s)); s == "" {
		return "none"
	}
	return Shorten(s, maxValue)
}
