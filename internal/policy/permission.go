package policy

import (
	"fmt"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// permission says which tools some agents may use at all. It comes before scoring.
type permission struct {
	agents, allow, deny globs
	reason              string
}

func (p *Policy) readPermissions(f *decoded, found *problems) {
	for i, in := range f.in.Tools {
		at := func(field string) []any { return []any{"tools", i, field} }
		if len(in.Agents) == 0 {
			found.at(f, at("agents"), `name agents, or write ["*"] for all`, "is empty")
		}
		if len(in.Allow)+len(in.Deny) == 0 {
			found.at(f, []any{"tools", i}, "list tools under allow or deny", "permits and denies nothing")
		}
		p.permissions = append(p.permissions, permission{
			agents: readGlobs(f, at("agents"), in.Agents, true, found),
			allow:  readGlobs(f, at("allow"), in.Allow, false, found),
			deny:   readGlobs(f, at("deny"), in.Deny, true, found),
			reason: strings.TrimSpace(in.Reason),
		})
	}
}

// permit returns why the agent may not use the tool, if so. What any entry denies is denied; an
// agent with one or more allow lists may use what one of them has. An action that names no tool
// and has no arguments, such as a plan, uses none.
func (p *Policy) permit(agent string, a *events.ActionProposed) (finding, bool) {
	if a.Tool == "" && len(a.Arguments) == 0 && a.Breakpoint != events.AtToolCall && a.Breakpoint != events.AtComputerUse {
		return finding{}, false
	}
	listed, allowed, reason := false, false, ""
	for i := range p.permissions {
		one := &p.permissions[i]
		if !one.agents.match(agent) {
			continue
		}
		if one.deny.match(a.Tool) {
			return refusal(toolDenied, fmt.Sprintf("agent %s may never use %s", short(agent), thing(a)), one.reason), true
		}
		if len(one.allow) > 0 {
			listed, allowed, reason = true, allowed || one.allow.match(a.Tool), one.reason
		}
	}
	if listed && !allowed {
		return refusal(toolNotAllowed, fmt.Sprintf("%s is not among the tools that agent %s may use", thing(a), short(agent)), reason), true
	}
	return finding{}, false
}

func refusal(id, what, why string) finding {
	if why != "" {
		what += ": " + why
	}
	return finding{id: id, reason: what, points: maxScore, floor: events.High, deny: true}
}

func thing(a *events.ActionProposed) string {
	if a.Tool == "" {
		return "action"
	}
	return fmt.Sprintf("tool %q", short(a.Tool))
}
