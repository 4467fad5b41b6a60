package policy

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

// home is where a rule was defined.
type home struct {
	file  *decoded
	index int
}

// catalog is the rules that were read so far, by id.
type catalog struct {
	homes map[string]home
	byID  map[string]*rule
}

func (c *catalog) ids() []string {
	out := make([]string, 0, len(c.homes))
	for id := range c.homes {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

var reserved = []string{unrecognised, unreadable, longPlan, guardFailed, toolDenied, toolNotAllowed}

// readRules compiles the rules and guards of all files.
func (p *Policy) readRules(files []*decoded, c *rulefile.Conditions, found *problems) *catalog {
	known := &catalog{homes: map[string]home{}, byID: map[string]*rule{}}
	for _, f := range files {
		checkIDs(f, known, found)
	}
	some := false
	reach := newReach()
	for _, f := range files {
		g := group{file: f.Name(), guard: readGuard(f, c, found)}
		for i := range f.in.Rules {
			some = true
			if at := known.homes[f.in.Rules[i].ID]; at.file != f || at.index != i {
				continue // replaced by a later one, or not to be used
			}
			r := p.readRule(f, i, c, found)
			if r == nil {
				continue
			}
			reach.check(f, i, g.guard, r, found)
			r.number = p.rules
			p.rules++
			g.rules = append(g.rules, *r)
			known.byID[r.id] = r
		}
		p.groups = append(p.groups, g)
	}
	if last := files[len(files)-1]; !some {
		found.at(last, []any{"rules"}, "add rules; without any, every action is high", "is empty")
	}
	return known
}

// checkIDs says which ids are wrong or taken, and notes where each rule is defined last.
func checkIDs(f *decoded, known *catalog, found *problems) {
	for i, r := range f.in.Rules {
		at := []any{"rules", i, "id"}
		earlier, taken := known.homes[r.ID]
		switch {
		case events.CheckToken("id", r.ID) != nil:
			found.at(f, at, "give the rule a name of A-Z a-z 0-9 _ -", "is %q", r.ID)
		case slices.Contains(reserved, r.ID):
			found.at(f, at, "give each rule a name of its own", "is %q, which is taken by the scorer itself", r.ID)
		case taken && earlier.file == f:
			found.at(f, at, "give each rule a name of its own", "is %q, which is taken in line %d", r.ID, earlier.line())
		case taken && !r.Replaces:
			found.at(f, at, "choose another name, or write replaces: true", "is %q, which is taken at %s:%d", r.ID, earlier.file.Name(), earlier.line())
		case !taken && r.Replaces:
			found.at(f, []any{"rules", i, "replaces"}, didYouMean(r.ID, known.ids()), "is set, but no earlier file has a rule %q", r.ID)
		default:
			known.homes[r.ID] = home{f, i}
		}
	}
}

func (h home) line() int { return h.file.Errorf([]any{"rules", h.index, "id"}, "", "").Line }

func didYouMean(name string, names []string) string {
	if near := rulefile.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "correct its spelling or remove it"
}

func readGuard(f *decoded, c *rulefile.Conditions, found *problems) *rulefile.Condition {
	if f.in.Applies == "" {
		return nil
	}
	guard, err := c.Compile(f.File, []any{"applies"}, f.in.Applies)
	if err != nil {
		found.add(err)
		return nil
	}
	if holds, constant := rulefile.FormulaOf(guard).Constant(); constant {
		found.at(f, []any{"applies"}, "ask for a fact, or leave it out", "is always %t", holds)
	}
	return &guard
}

// readRule returns nil where the rule cannot be used.
func (p *Policy) readRule(f *decoded, i int, c *rulefile.Conditions, found *problems) *rule {
	in := f.in.Rules[i]
	before := len(found.found)
	r := &rule{
		id: in.ID, points: in.Points, floor: events.Level(in.Level), cap: maxScore,
		deny: in.Effect == "deny", shadow: in.Shadow, tags: in.Tags,
	}
	if in.Cap != nil {
		r.cap = *in.Cap
	}
	checkEffect(f, i, in, found)
	p.checkCap(f, i, r, found)
	r.recognises = readRecognition(f, i, in.Recognises, found)
	r.reason = readReason(f, i, in.Reason, found)
	when, err := compileWhen(f, i, c)
	found.add(err)
	r.when = when
	if len(found.found) > before {
		return nil
	}
	return r
}

func compileWhen(f *decoded, i int, c *rulefile.Conditions) (rulefile.Condition, error) {
	at, when := []any{"rules", i, "when"}, f.in.Rules[i].When
	if strings.TrimSpace(when) == "" {
		return rulefile.Condition{}, f.Errorf(at, "write a CEL condition", "is missing")
	}
	return c.Compile(f.File, at, when)
}

func checkEffect(f *decoded, i int, r fileRule, found *problems) {
	at := func(field string) []any { return []any{"rules", i, field} }
	if r.Points < 0 || r.Points > maxScore {
		found.at(f, at("points"), "use 0 to 100; a rule only ever raises the risk", "is %d", r.Points)
	}
	if r.Level != "" && !events.Level(r.Level).Valid() {
		found.at(f, at("level"), "use low, medium or high", "is %q", r.Level)
	}
	if r.Effect != "" && r.Effect != "deny" {
		found.at(f, at("effect"), `use "deny" or leave it out`, "is %q", r.Effect)
	}
	if r.Points == 0 && r.Level == "" && r.Recognises == "" && r.Effect == "" {
		found.at(f, []any{"rules", i}, "give it points, a level, recognises: true or effect: deny", "has no effect")
	}
	for j, tag := range r.Tags {
		if len(r.Tags) > maxTags || len(tag) == 0 || len(tag) > maxTag || Neutral(tag) != tag {
			found.at(f, []any{"rules", i, "tags", j}, "write at most 8 tags such as OWASP-ASI02 or T1059, of at most 64 plain characters", "is %q", tag)
		}
	}
}

// Limits of tags, so that an assessment stays small.
const (
	maxTags = 8
	maxTag  = 64
)

func (p *Policy) checkCap(f *decoded, i int, r *rule, found *problems) {
	at := []any{"rules", i, "cap"}
	if r.cap < 1 || r.cap > maxScore {
		found.at(f, at, "use 1 to 100", "is %d", r.cap)
	} else if least := p.thresholds.least(r.floor); r.cap < least {
		found.at(f, at, "raise the cap or lower the level", "is %d, below the least score of the level %s (%d)", r.cap, r.floor, least)
	}
}

// readRecognition returns what an action is at least where only this rule recognises it.
func readRecognition(f *decoded, i int, text string, found *problems) events.Level {
	switch text {
	case "", "false":
		return ""
	case "true":
		return events.Low
	case "low", "medium":
		return events.Level(text)
	}
	found.at(f, []any{"rules", i, "recognises"}, "use true, or medium where the action stays partly unknown", "is %q", text)
	return ""
}

func readReason(f *decoded, i int, text string, found *problems) template {
	at := []any{"rules", i, "reason"}
	if strings.TrimSpace(text) == "" {
		found.at(f, at, "say to an approver why this matters", "is missing")
		return template{}
	}
	t, problem, fix := parseTemplate(text)
	if problem != "" {
		found.at(f, at, fix, "%s", problem)
	}
	return t
}
