package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// override changes what rules weigh for some agents, environments and tools. It chooses by
// names alone, so whatever else an action does, the same rules weigh it.
type override struct {
	agents, environments, tools globs
	reason                      string
	thresholds                  *Thresholds
	changes                     map[int]change // by rule number
}

// change is what an override does to a rule; nil and "" leave it as it is.
type change struct {
	points  *int
	floor   events.Level
	disable bool
	reason  string
}

func (p *Policy) readOverrides(f *decoded, known *catalog, found *problems) {
	for i, in := range f.in.Overrides {
		at := func(field string) []any { return []any{"overrides", i, field} }
		if strings.TrimSpace(in.Reason) == "" {
			found.at(f, at("reason"), "say why; approvers read it", "is missing")
		}
		if len(in.Agents)+len(in.Environments)+len(in.Tools) == 0 {
			found.at(f, []any{"overrides", i}, "name agents, environments or tools", "chooses nothing")
		}
		if in.Thresholds == nil && len(in.Rules) == 0 {
			found.at(f, []any{"overrides", i}, "give it thresholds or rules", "changes nothing")
		}
		if in.Thresholds != nil {
			checkThresholds(f, at("thresholds"), *in.Thresholds, found)
		}
		o := override{
			agents: readGlobs(f, at("agents"), in.Agents, false, found), environments: readGlobs(f, at("environments"), in.Environments, false, found),
			tools: readGlobs(f, at("tools"), in.Tools, false, found), reason: strings.TrimSpace(in.Reason), thresholds: in.Thresholds, changes: map[int]change{},
		}
		for j, c := range in.Rules {
			readChange(f, []any{"overrides", i, "rules", j}, c, &o, known, found)
		}
		p.overrides = append(p.overrides, o)
	}
}

func readChange(f *decoded, path []any, in fileRuleChange, o *override, known *catalog, found *problems) {
	at := func(field string) []any { return append(slices.Clip(path), field) }
	if _, ok := known.homes[in.ID]; !ok {
		found.at(f, at("id"), didYouMean(in.ID, known.ids()), "is %q, and no rule has this id", in.ID)
		return
	}
	r := known.byID[in.ID]
	if r == nil {
		return // the rule itself has a problem, which is reported
	}
	if _, twice := o.changes[r.number]; twice {
		found.at(f, at("id"), "make them one", "is %q again", in.ID)
	}
	if in.Points != nil && (*in.Points < 0 || *in.Points > maxScore) {
		found.at(f, at("points"), "use 0 to 100", "is %d", *in.Points)
	}
	if in.Level != "" && !events.Level(in.Level).Valid() {
		found.at(f, at("level"), "use low, medium or high", "is %q", in.Level)
	}
	if in.Disable && r.deny {
		found.at(f, at("disable"), "narrow the rule itself", "would switch off rule %s, which denies", in.ID)
	}
	if in.Points == nil && in.Level == "" && !in.Disable {
		found.at(f, path, "give it points, a level or disable: true", "changes nothing")
	}
	o.changes[r.number] = change{in.Points, events.Level(in.Level), in.Disable, o.reason}
}

// override finds the overrides that apply to w. Of several that change the same, the last counts.
func (p *Policy) override(w *weighing) {
	for i := range p.overrides {
		o, a := &p.overrides[i], w.set.Action
		environment := ""
		if a.Target != nil {
			environment = a.Target.Environment
		}
		if !o.agents.admit(a.Agent) || !o.environments.admit(environment) || !o.tools.admit(a.Tool) {
			continue
		}
		if o.thresholds != nil {
			w.thresholds = *o.thresholds
			w.noted = []string{fmt.Sprintf("thresholds %d and %d: %s", w.thresholds.Medium, w.thresholds.High, o.reason)}
		}
		for number, c := range o.changes {
			if w.changes == nil {
				w.changes = map[int]change{}
			}
			w.changes[number] = w.changes[number].with(c)
		}
	}
}

func (c change) with(later change) change {
	if later.points != nil {
		c.points = later.points
	}
	if later.floor != "" {
		c.floor = later.floor
	}
	c.disable = c.disable || later.disable
	c.reason = later.reason
	return c
}

// apply changes a finding as an override says, and says so in its reason.
func (c change) apply(f *finding) {
	if c.points != nil {
		f.points = *c.points
	}
	if c.floor != "" {
		f.floor = c.floor
	}
	what := "changed here"
	if c.disable {
		f.shadow, what = true, "switched off here"
	}
	f.reason += fmt.Sprintf(" (%s: %s)", what, c.reason)
}
