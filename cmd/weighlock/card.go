package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/words"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// width is the terminal that a card fits into.
const width = 80

// fetched is an item with the action that it refers to.
type fetched struct {
	approver.Item
	Proposed *events.ActionProposed
	Problem  string // why the action could not be shown
}

// printCard shows what an approver needs to judge: what is shared once, what differs
// per item, the worst first.
func printCard(w io.Writer, r approver.Request, items []fetched, now time.Time) {
	card := r.Card
	fmt.Fprintln(w, strings.Repeat("─", width))
	fmt.Fprintf(w, "%s  %s\n", r.ID, words.Printable(card.Headline))
	fmt.Fprintln(w, strings.Repeat("─", width))
	fmt.Fprintf(w, "For         %s (tier %d of %d)\n", strings.Join(r.Groups, ", "), r.Tier+1, r.Tiers)
	field(w, "Needs", needs(r))
	if f := card.Flood; f != nil {
		field(w, "Flood", floodWords(f))
	}
	if r.Version > 1 {
		field(w, "Version", fmt.Sprintf("%d: an edit changed the card; answers to earlier versions do not count", r.Version))
	}
	if r.Open() {
		fmt.Fprintf(w, "Otherwise   %s in %s\n", card.Otherwise, r.EndsAt.Sub(now).Round(time.Second))
	} else {
		fmt.Fprintf(w, "Closed      by %s, %s\n", r.ResolvedBy, r.ResolvedAt.Local().Format(time.DateTime))
	}
	if first := firstProposed(items); first != nil {
		field(w, "On behalf", first.Principal)
		field(w, "User asked", first.Request)
		printPlan(w, first.Plan)
	}
	for _, item := range items {
		printItem(w, item)
	}
	fmt.Fprintln(w, strings.Repeat("─", width))
}

// floodWords say what hangs on a card about a flood.
func floodWords(f *events.Flood) string {
	rest := "what follows waits: rejecting this rejects it too, approving this puts it on cards of its own"
	if f.Denied {
		rest = "what follows is denied, unless this is approved"
	}
	return fmt.Sprintf("%s put more than %d actions before people within %s; until %s %s", f.Agent, f.Actions, time.Duration(f.Seconds)*time.Second, f.Until.Local().Format(time.TimeOnly), rest)
}

func printItem(w io.Writer, item fetched) {
	state := ""
	if !item.Open() {
		state = "  → " + outcomeWords(item.Outcome, item.Moved)
	}
	fmt.Fprintf(w, "\n[%d] %s/%s  score %d%s\n", item.Number, item.Agent, item.Action, item.Score, state)
	field(w, "Why risky", strings.Join(item.Reasons, "; "))
	for _, vote := range item.Votes {
		field(w, "Answered", vote.Approver+": "+string(vote.Verdict)+words.Quoted(vote.Comment+vote.Guidance))
	}
	if item.Proposed == nil {
		field(w, "Action", "CANNOT BE SHOWN: "+item.Problem)
		return
	}
	p := item.Proposed
	if len(item.Edited) > 0 {
		field(w, "Does", words.Tool(p.Tool, p.Breakpoint)+" "+string(item.Edited))
		printDifference(w, item.EditedBy, p.Arguments, item.Edited)
	} else {
		field(w, "Does", words.Tool(p.Tool, p.Breakpoint)+" "+string(p.Arguments))
	}
	if t := p.Target; t != nil {
		field(w, "Target", strings.TrimSpace(strings.Join([]string{t.Kind, t.Name, t.Environment}, " ")))
	}
	field(w, "Reasoning", p.Reasoning)
	if p.Impact != nil {
		impact := p.Impact.Summary
		if p.Impact.Reversible != nil && !*p.Impact.Reversible {
			impact += " (cannot be undone)"
		}
		field(w, "Impact", impact)
	}
	for _, m := range p.Memory {
		trust := "untrusted"
		if m.Trusted {
			trust = "trusted"
		}
		field(w, "Memory", fmt.Sprintf("%s (%s): %s", m.Origin, trust, m.Text))
	}
}

// field prints a label and its text, wrapped and indented; nothing where there is none.
func field(w io.Writer, label, text string) {
	if text == "" {
		return
	}
	const indent = 12
	lines := wrap(words.Printable(words.Clip(text, 2000)), width-indent)
	for i, line := range lines {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(w, "%-*s%s\n", indent, label, line)
	}
}

// wrap breaks text at spaces into lines of at most most characters.
func wrap(text string, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for len([]rune(word)) > most { // an unbroken stretch, such as encoded data
			head := most
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			lines = append(lines, string([]rune(word)[:head]))
			word = string([]rune(word)[head:])
		}
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= most:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

func firstProposed(items []fetched) *events.ActionProposed {
	for _, item := range items {
		if item.Proposed != nil {
			return item.Proposed
		}
	}
	return nil
}

// maxSteps is how many steps of a plan are shown; the rest are counted.
const maxSteps = 20

// printPlan shows the steps of a plan with what each will be called with: approving the plan lets exactly that pass.
func printPlan(w io.Writer, steps []events.PlanStep) {
	for i, s := range steps[:min(len(steps), maxSteps)] {
		label := ""
		if i == 0 {
			label = "Plan"
		}
		text := fmt.Sprintf("%d. %s", i+1, s.Description)
		if s.Tool != "" {
			text = strings.TrimSuffix(text, " ") + "  " + s.Tool + " " + string(s.Arguments)
		}
		fmt.Fprintf(w, "%-12s%s\n", label, words.Printable(words.Clip(text, 2*width)))
	}
	if rest := len(steps) - maxSteps; rest > 0 {
		fmt.Fprintf(w, "%-12s… and %d more steps\n", "", rest)
	}
}

// needs says who must approve an item, and what one rejection does.
func needs(r approver.Request) string {
	text := quorum(r.Require) + " to approve each item"
	if !r.RejectionEnds {
		return text + "; as many to reject it"
	}
	return text + "; one rejection rejects it"
}

// quorum are requirements in words.
func quorum(require []events.Requirement) string {
	if len(require) == 1 && require[0].Count == 1 {
		return "anybody of " + require[0].Group
	}
	return approval.Words(require)
}
