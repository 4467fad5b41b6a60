// Package card shows an approval request on a terminal: what its items share once, what differs as a table, the worst first. Texts of agents cannot
// move the cursor, and secrets are masked.
package card

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/mask"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// Width is the terminal that a card fits into.
const Width = 80

// Fetched is an item with the action that it refers to.
type Fetched struct {
	approver.Item
	Proposed *events.ActionProposed
	Problem  string // why the action or its private values could not be fetched
	// Private are the action's private values; nil where it has none.
	Private *approver.Private
}

// View is a request as it is shown.
type View struct {
	Request approver.Request
	Items   []Fetched
	Now     time.Time
	// Reveal shows secrets too.
	Reveal bool
}

// Print shows what an approver needs to judge.
func (v View) Print(w io.Writer) {
	r := v.Request
	rule(w)
	fmt.Fprintf(w, "%s\n", strings.Join(wrap(words.Printable(r.ID+"  "+r.Card.Headline), Width), "\n"))
	rule(w)
	v.printRules(w)
	items := make([]shown, len(v.Items))
	for i := range v.Items {
		filled := v.Items[i].Filled(v.Request.Card.Context, v.Reveal)
		items[i] = v.shown(&filled)
	}
	if len(items) == 0 {
		rule(w)
		return
	}
	s := v.printShared(w, items)
	if len(items) > 1 && !s.does {
		printTable(w, items)
	}
	for i := range items {
		v.printItem(w, &items[i], s)
	}
	rule(w)
}

func rule(w io.Writer) { fmt.Fprintln(w, strings.Repeat("─", Width)) }

// printRules says who is asked, and what happens otherwise.
func (v View) printRules(w io.Writer) {
	r := v.Request
	fmt.Fprintf(w, "For         %s (tier %d of %d)\n", strings.Join(r.Groups, ", "), r.Tier+1, r.Tiers)
	field(w, "Needs", needs(r))
	if f := r.Card.Flood; f != nil {
		field(w, "Flood", floodWords(f))
	}
	if r.Version > 1 {
		field(w, "Version", fmt.Sprintf("%d: the card changed; answers to earlier versions do not count", r.Version))
	}
	for _, q := range r.Card.Questions {
		field(w, "Question", fmt.Sprintf("%s asked %s: %q; %s answered: %q", words.Printable(q.AskedBy), about(q.Item), words.Printable(q.Question), words.Printable(q.Agent), words.Printable(q.Answer)))
	}
	for _, h := range r.HandOvers {
		if h.Kind != events.Ask || h.Answer == "" {
			field(w, "Meanwhile", words.Printable(words.Handed(&h.ApprovalHanded)))
		}
	}
	if r.Open() {
		fmt.Fprintf(w, "Otherwise   %s in %s\n", r.Card.Otherwise, r.EndsAt.Sub(v.Now).Round(time.Second))
		return
	}
	fmt.Fprintf(w, "Closed      by %s, %s\n", r.ResolvedBy, r.ResolvedAt.Local().Format(time.DateTime))
}

// about names an item of the card; 0 is all of it.
func about(item int) string {
	if item == 0 {
		return "about the card"
	}
	return fmt.Sprintf("about item %d", item)
}

// floodWords say what hangs on a card about a flood.
func floodWords(f *events.Flood) string {
	rest := "what follows waits: rejecting this rejects it too, approving this puts it on cards of its own"
	if f.Denied {
		rest = "what follows is denied, unless this is approved"
	}
	return fmt.Sprintf("%s put more than %d actions before people within %s; until %s %s", f.Agent, f.Actions, time.Duration(f.Seconds)*time.Second, f.Until.Local().Format(time.TimeOnly), rest)
}

// shown is an item with what is shown of its action.
type shown struct {
	*Fetched

	tool      string
	arguments json.RawMessage
	cut       bool // not all of the arguments are shown
	problem   string
	context   events.CardContext
	inTable   bool // the table has all of the arguments
}

// shown takes what the card has of an item, and from the stored action what an older card lacks, or what is to be revealed.
func (v View) shown(item *Fetched) shown {
	s := shown{Fetched: item, tool: words.Tool(item.Tool, item.Breakpoint), arguments: item.Arguments, cut: item.Cut}
	for _, c := range []*events.CardContext{v.Request.Card.Context, item.Context} {
		if c != nil {
			merge(&s.context, c)
		}
	}
	p := item.Proposed
	switch onCard := len(item.Arguments) > 0 || v.Request.Card.Context != nil || item.Context != nil; {
	case p == nil && onCard:
	case p == nil:
		s.problem = item.Problem
	case v.Reveal || !onCard:
		s.tool, s.cut = words.Tool(p.Tool, p.Breakpoint), false
		s.context = events.CardContext{UserRequest: p.Request, Reasoning: p.Reasoning, Impact: p.Impact, Plan: p.Plan, PlanSteps: len(p.Plan), Memory: p.Memory}
		s.arguments = p.Arguments
		if len(item.Edited) > 0 {
			s.arguments = item.Edited
		}
		if !v.Reveal {
			s.arguments, _ = mask.JSON(s.arguments, nil)
			s.context.UserRequest, s.context.Reasoning = mask.Text(p.Request), mask.Text(p.Reasoning)
		}
	}
	s.arguments = legible(s.arguments)
	if item.Unseen && p == nil {
		s.problem = "it was not stored any more when the card was made"
	}
	return s
}

// merge takes over what from has.
func merge(to, from *events.CardContext) {
	if from.UserRequest != "" {
		to.UserRequest = from.UserRequest
	}
	if from.Reasoning != "" {
		to.Reasoning = from.Reasoning
	}
	if from.Impact != nil {
		to.Impact = from.Impact
	}
	if from.PlanSteps > 0 {
		to.Plan, to.PlanSteps = from.Plan, from.PlanSteps
	}
	if len(from.Memory) > 0 {
		to.Memory = from.Memory
	}
}

// shared says what is told once for all items.
type shared struct {
	who, does, target, reasoning, impact, memory bool
	reasons                                      []string
}

// printShared shows what all items have in common.
func (v View) printShared(w io.Writer, items []shown) shared {
	same := func(of func(*shown) string) (string, bool) {
		first := of(&items[0])
		return first, !slices.ContainsFunc(items[1:], func(s shown) bool { return of(&s) != first })
	}
	var s shared
	tell := func(label string, of func(*shown) string) bool {
		text, ok := same(of)
		if ok {
			field(w, label, text)
		}
		return ok
	}
	tell("On behalf", func(s *shown) string { return s.Principal })
	s.who = tell("Agent", func(s *shown) string { return s.Agent })
	if !tell("User asked", func(s *shown) string { return s.context.UserRequest }) {
		field(w, "User asked", "differs: see the items")
	}
	plan := items[0].context
	if _, ok := same(func(s *shown) string { return fmt.Sprint(s.context.Plan) }); ok && plan.PlanSteps > 0 {
		printPlan(w, plan.Plan, plan.PlanSteps)
	}
	s.does = tell("Does", does)
	s.target = tell("Target", func(s *shown) string { return targetWords(s.Target) })
	s.reasoning = tell("Reasoning", func(s *shown) string { return s.context.Reasoning })
	s.impact = tell("Impact", func(s *shown) string { return impactWords(s.context.Impact) })
	if _, s.memory = same(func(s *shown) string { return fmt.Sprint(s.context.Memory) }); s.memory {
		printMemory(w, items[0].context.Memory)
	}
	for _, reason := range items[0].Reasons {
		if !slices.ContainsFunc(items[1:], func(s shown) bool { return !slices.Contains(s.Reasons, reason) }) {
			s.reasons = append(s.reasons, reason)
		}
	}
	field(w, "Why risky", strings.Join(s.reasons, "; "))
	return s
}

// does is the call that is proposed.
func does(s *shown) string {
	text := s.tool + " " + string(s.arguments)
	if s.cut {
		text += "  (cut: --reveal shows all)"
	}
	return strings.TrimSpace(text)
}

// printItem shows what an item has for itself beside its line in the table.
func (v View) printItem(w io.Writer, s *shown, told shared) {
	var own strings.Builder
	v.printOwn(&own, s, told)
	state := ""
	if !s.Open() {
		state = "  → " + OutcomeWords(s.Outcome, s.Moved)
	}
	if own.Len() > 0 || !s.inTable {
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, words.Clip(words.Printable(fmt.Sprintf("[%d] %s/%s  score %d%s", s.Number, s.Agent, s.Action, s.Score, state)), Width))
	io.WriteString(w, own.String()) //nolint:errcheck // as with every line of a card
}

func (v View) printOwn(w io.Writer, s *shown, told shared) {
	own := slices.DeleteFunc(slices.Clone(s.Reasons), func(r string) bool { return slices.Contains(told.reasons, r) })
	field(w, "Why risky", strings.Join(own, "; "))
	for _, vote := range s.Votes {
		field(w, "Answered", vote.Approver+": "+string(vote.Verdict)+words.Quoted(vote.Comment+vote.Guidance))
	}
	field(w, "Private", privateWords(s.Private))
	if s.Proposed != nil {
		field(w, "Private", s.Problem)
	}
	if s.problem != "" {
		field(w, "Action", "CANNOT BE SHOWN: "+s.problem)
		return
	}
	if !told.does && !s.inTable {
		field(w, "Does", does(s))
	}
	if len(s.Edited) > 0 {
		v.printEdit(w, s)
	}
	if !told.target && !s.inTable {
		field(w, "Target", targetWords(s.Target))
	}
	if !told.reasoning {
		field(w, "Reasoning", s.context.Reasoning)
	}
	if !told.impact {
		field(w, "Impact", impactWords(s.context.Impact))
	}
	if !told.memory {
		printMemory(w, s.context.Memory)
	}
}

// printEdit shows what an approver changed.
func (v View) printEdit(w io.Writer, s *shown) {
	if s.Proposed == nil {
		field(w, "Edited", "by "+s.EditedBy+"; what was proposed cannot be shown")
		return
	}
	printDifference(w, s.EditedBy, s.Proposed.Arguments, s.Edited, func(arguments json.RawMessage) json.RawMessage {
		if v.Reveal {
			return arguments
		}
		masked, _ := mask.JSON(arguments, s.Masked)
		return masked
	})
}

func targetWords(t *events.Target) string {
	if t == nil {
		return ""
	}
	return strings.TrimSpace(strings.Join([]string{t.Kind, t.Name, t.Environment}, " "))
}

func impactWords(i *events.Impact) string {
	if i == nil {
		return ""
	}
	text := i.Summary
	if i.Count != nil {
		text += fmt.Sprintf(" (%d things)", *i.Count)
	}
	if i.Reversible != nil && !*i.Reversible {
		text += " (cannot be undone)"
	}
	return strings.TrimSpace(text)
}

func printMemory(w io.Writer, memory []events.MemoryItem) {
	for _, m := range memory {
		trust := "untrusted"
		if m.Trusted {
			trust = "trusted"
		}
		field(w, "Memory", fmt.Sprintf("%s (%s): %s", m.Origin, trust, m.Text))
	}
}

// printPlan shows the steps of a plan. Where the plan is what is asked for, they have what each will be called with: approving it lets exactly
// that pass.
func printPlan(w io.Writer, steps []events.PlanStep, all int) {
	for i, s := range steps {
		label := ""
		if i == 0 {
			label = "Plan"
		}
		text := fmt.Sprintf("%d. %s", i+1, s.Description)
		if s.Tool != "" {
			text += "  " + s.Tool + " " + string(legible(s.Arguments))
		}
		lines := wrap(words.Printable(words.Clip(text, 2*Width)), Width-indent)
		for j, line := range lines {
			if j > 0 {
				label = ""
			}
			fmt.Fprintf(w, "%-*s%s\n", indent, label, line)
		}
	}
	if rest := all - len(steps); rest > 0 {
		fmt.Fprintf(w, "%-*s… and %d more steps\n", indent, "", rest)
	}
}

// needs says who must approve an item, and what one rejection does.
func needs(r approver.Request) string {
	text := Quorum(r.Require) + " to approve each item"
	if !r.RejectionEnds {
		return text + "; as many to reject it"
	}
	return text + "; one rejection rejects it"
}

// Quorum are requirements in words.
func Quorum(require []events.Requirement) string {
	if len(require) == 1 && require[0].Count == 1 {
		return "anybody of " + require[0].Group
	}
	return approval.Words(require)
}

// OutcomeWords says what became of an item.
func OutcomeWords(o events.Outcome, moved bool) string {
	if moved {
		return "moved to a card of its own, being riskier as edited"
	}
	return string(o)
}
