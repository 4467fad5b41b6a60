package approval

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weighlock/weighlock/pkg/events"
)

// world plays inputs on a request and checks after every step what must always
// hold. What it knows of the rules it works out for itself.
type world struct {
	t       *rapid.T
	s       State
	ledger  map[string]string // by action, the decision that was made
	moved   map[string]string // by action, the edit that took it to a new card
	history []played
	seen    map[transition]bool
}

type played struct {
	in      Input
	before  State // when it was first applied
	effects []Effect
}

func newWorld(t *rapid.T) *world {
	groups := []string{"finance", "managers", "it"}
	rules := Rules{
		RejectionEnds: rapid.Bool().Draw(t, "rejection ends"),
		CommentOn:     rapid.SampledFrom([][]events.VerdictKind{nil, nil, {events.Reject}}).Draw(t, "comment on"),
		Otherwise:     rapid.SampledFrom([]events.Outcome{events.Rejected, events.Expired}).Draw(t, "otherwise"),
		Channels:      rapid.SampledFrom([][]string{nil, {"self"}, {"self", "console"}}).Draw(t, "channels"),
	}
	rules.Repeat = rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "repeat")
	rules.EarlierLeave = rapid.Bool().Draw(t, "earlier leave")
	rules.Hold = rapid.SampledFrom([]time.Duration{0, 5 * time.Minute}).Draw(t, "hold")
	rules.Stop = rapid.SampledFrom([]time.Duration{0, 3 * time.Minute}).Draw(t, "stop")
	for i := range rapid.IntRange(1, 3).Draw(t, "tiers") {
		rules.Tiers = append(rules.Tiers, Tier{Group: rapid.SampledFrom(groups).Draw(t, fmt.Sprint("group ", i)), Wait: 10 * time.Minute, RemindEvery: rapid.SampledFrom([]time.Duration{0, 4 * time.Minute}).Draw(t, "remind")})
	}
	for _, group := range rapid.SliceOfNDistinct(rapid.SampledFrom(groups), 1, 2, rapid.ID[string]).Draw(t, "required") {
		rules.Require = append(rules.Require, Requirement{Group: group, Count: rapid.IntRange(1, 2).Draw(t, "count")})
	}
	rules.Tiers[0].Group = rules.Require[0].Group
	c, origins := card(rapid.IntRange(1, 4).Draw(t, "items"))
	if rapid.Bool().Draw(t, "has deadline") {
		deadline := noon.Add(time.Duration(rapid.IntRange(-5, 40).Draw(t, "deadline")) * time.Minute)
		c.Items[0].Deadline = &deadline
	}
	s, _, err := Open(c, rules, origins, Duty{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, s: s, ledger: make(map[string]string), moved: make(map[string]string), seen: make(map[transition]bool)}
}

// apply takes one step and returns its effects.
func (w *world) apply(in Input) []Effect {
	before := asJSON(w.t, w.s)
	next, effects, took := step(w.s, in, noon)
	if asJSON(w.t, w.s) != before {
		w.t.Fatal("the step changed the state it was given")
	}
	w.checkEnd(next)
	w.checkTransition(next, effects, took)
	if w.s.Resolved != nil && asJSON(w.t, next) != before {
		w.t.Fatalf("a resolved request changed by %+v", in)
	}
	for _, e := range effects {
		if r, ok := e.(Reopen); ok {
			w.checkReopen(r)
		}
	}
	for _, d := range decisions(effects) {
		w.checkDecision(d, in)
	}
	// What is stored and read back is the same state.
	w.s = State{}
	if err := json.Unmarshal([]byte(asJSON(w.t, next)), &w.s); err != nil {
		w.t.Fatal(err)
	}
	if !reflect.DeepEqual(w.s, next) {
		w.t.Fatalf("stored %+v\nread %+v", next, w.s)
	}
	return effects
}

// checkEnd: nothing moves the end past a deadline, or for ever.
func (w *world) checkEnd(s State) {
	most := s.Plan[len(s.Plan)-1].Ends.Add(time.Duration(len(s.Plan))*s.Rules.Hold + maxQuestions*s.Rules.Stop)
	if s.EndsAt.After(most) || s.Deadline != nil && s.EndsAt.After(*s.Deadline) && s.EndsAt.After(latest(s.OpenedAt, s.Pauses)) {
		w.t.Fatalf("the end moved to %s; the deadline is %v, the most %s", s.EndsAt, s.Deadline, most)
	}
	ends := s.OpenedAt
	for tier := range s.Plan {
		rung := s.rung(tier)
		if rung.Ends.Before(ends) {
			w.t.Fatalf("tier %d ends at %s, before the one before", tier, rung.Ends)
		}
		ends = rung.Ends
	}
	if !ends.Equal(s.EndsAt) {
		w.t.Fatalf("the path ends at %s and the request at %s", ends, s.EndsAt)
	}
}

// latest is when a path whose deadline is past can end: when it opened, or was paused.
func latest(opened time.Time, pauses []Pause) time.Time {
	for _, p := range pauses {
		if p.From.After(opened) {
			opened = p.From
		}
	}
	return opened
}

// play is apply for an input that may be delivered again later.
func (w *world) play(in Input) {
	before := w.s
	w.history = append(w.history, played{in, before, w.apply(in)})
}

func (w *world) checkDecision(d events.DecisionMade, in Input) {
	made := asJSON(w.t, d)
	if was, ok := w.ledger[d.Action]; ok && was != made {
		w.t.Fatalf("two decisions on %s:\n%s\n%s", d.Action, was, made)
	}
	w.ledger[d.Action] = made
	if err := d.Validate(); err != nil {
		w.t.Fatal(err)
	}
	switch d.DecidedBy.Kind {
	case events.ByTimeout:
		if d.Outcome != w.s.Rules.Otherwise || d.Outcome == events.Approved {
			w.t.Fatalf("silence led to %s", d.Outcome)
		}
	case events.ByApprovers:
		w.checkDeciders(d, in)
	case events.ByAgent:
		if d.Outcome != events.Withdrawn || !w.wasWithdrawn(d.Action, in) {
			w.t.Fatalf("%s was %s by its agent", d.Action, d.Outcome)
		}
	default:
		w.t.Fatalf("decided by %s", d.DecidedBy.Kind)
	}
}

func (w *world) wasWithdrawn(action string, now Input) bool {
	return slices.ContainsFunc(append(w.history, played{in: now}), func(p played) bool {
		in, ok := p.in.(Withdrawn)
		return ok && in.Action == action
	})
}

// checkReopen: an item that moved has no decision here, and moves once.
func (w *world) checkReopen(r Reopen) {
	if _, decided := w.ledger[r.Assessed.Action]; decided {
		w.t.Fatalf("%s was decided and moved", r.Assessed.Action)
	}
	is := asJSON(w.t, r)
	if was, ok := w.moved[r.Assessed.Action]; ok && was != is {
		w.t.Fatalf("%s moved twice:\n%s\n%s", r.Assessed.Action, was, is)
	}
	w.moved[r.Assessed.Action] = is
}

// checkDeciders holds a decision against every verdict that was ever cast.
func (w *world) checkDeciders(d events.DecisionMade, now Input) {
	number := slices.IndexFunc(w.s.ReadCard().Items, func(i events.CardItem) bool { return i.Action == d.Action }) + 1
	var supporters []Supporter
	for _, a := range d.DecidedBy.Approvers {
		for _, p := range append(w.history, played{in: now, before: w.s}) {
			if groups, senior, ok := w.supports(p, a, number, d.Outcome); ok {
				supporters = append(supporters, Supporter{Person: personOf(a.Approver), Groups: groups, Senior: senior})
				break
			}
		}
	}
	persons := make(map[string]bool)
	for _, s := range supporters {
		persons[s.Person] = true
	}
	if len(persons) != len(d.DecidedBy.Approvers) {
		w.t.Fatalf("%s was %s by %+v, of whom only %v were entitled", d.Action, d.Outcome, d.DecidedBy.Approvers, persons)
	}
	need := 0
	var places []string
	for _, r := range w.s.Rules.Require {
		need += r.Count
		for range r.Count {
			places = append(places, r.Group)
		}
	}
	switch d.Outcome {
	case events.Approved:
		if !assignable(places, supporters) {
			w.t.Fatalf("%s was approved by %+v, who do not fill %+v", d.Action, supporters, w.s.Rules.Require)
		}
	case events.Rejected:
		if len(persons) == 0 || !w.s.Rules.RejectionEnds && len(persons) < need {
			w.t.Fatalf("%s was rejected by %v; needed were %d", d.Action, persons, need)
		}
	}
}

// supports reports whether p is the verdict behind a, and with which groups it counts for the item.
func (w *world) supports(p played, a events.ApproverVerdict, number int, outcome events.Outcome) (groups []string, senior, ok bool) {
	v, isVerdict := p.in.(Verdict)
	if !isVerdict || v.Approver != a.Approver || !v.At.Equal(a.At) || refusalOf(p.effects) != "" {
		return nil, false, false
	}
	if len(w.s.Rules.Channels) > 0 && !slices.Contains(w.s.Rules.Channels, v.Channel) {
		return nil, false, false
	}
	answer := v.Cast.Verdict
	for _, item := range v.Cast.Items {
		if item.Number == number {
			answer = item.Verdict
		}
	}
	groups, may := w.stands(p.before, personOf(a.Approver))
	_, senior = w.stands(w.s, personOf(a.Approver))
	senior = senior && w.isSenior(personOf(a.Approver), groups)
	if outcome == events.Approved {
		ok = (answer == events.Approve || answer == events.Edit) && v.Own[number] == ""
	} else {
		ok = answer == events.Reject || answer == events.Respond
	}
	return groups, senior, ok && may
}

// stands are the groups a person counts in at a state, and whether they may answer at all.
func (w *world) stands(s State, person string) (groups []string, may bool) {
	for _, g := range groupsOf[person] {
		onCall, isSchedule := s.OnCall[g]
		if !isSchedule || slices.Contains(onCall, person) || w.wasHanded(s, person, g) {
			groups = append(groups, g)
		}
	}
	for i, t := range s.Rules.Tiers[:s.Tier+1] {
		if s.Rules.EarlierLeave && i < s.Tier {
			continue
		}
		asked := []string{t.Group}
		if i == 0 || t.Round != s.Rules.Tiers[i-1].Round {
			for _, r := range s.Rules.Require {
				asked = append(asked, r.Group)
			}
		}
		may = may || slices.ContainsFunc(asked, func(g string) bool { return slices.Contains(groups, g) })
	}
	for _, g := range append([]string{""}, groupsOf[person]...) {
		may = may || w.wasHanded(s, person, g)
	}
	return groups, may
}

func (w *world) wasHanded(s State, person, group string) bool {
	return slices.ContainsFunc(s.HandOvers, func(h HandedOver) bool {
		return h.Kind == events.Reassign && (h.To == person || group != "" && h.ToGroup == group)
	})
}

// isSenior reports whether a tier after the first of its round brought one of the groups in, or the request was handed to it.
func (w *world) isSenior(person string, groups []string) bool {
	for i, t := range w.s.Rules.Tiers {
		later := i > 0 && t.Round == w.s.Rules.Tiers[i-1].Round
		if later && slices.Contains(groups, t.Group) && (i <= w.s.Tier || w.wasHanded(w.s, person, t.Group)) {
			return true
		}
	}
	return false
}

func (w *world) drawHandOver(sequence uint64) HandOver {
	t := w.t
	who := rapid.SampledFrom([]string{"alice", "alice-2", "bob", "carol", "eve", "frank"}).Draw(t, "hands")
	h := hands(w.s, sequence, who, rapid.SampledFrom([]events.HandOverKind{events.Acknowledge, events.Reassign, events.Ask, events.Snooze}).Draw(t, "hand-over"))
	switch h.Cast.Kind {
	case events.Reassign:
		h.Cast.To, h.ToPerson, h.ToGroups = "", "", nil
		if rapid.Bool().Draw(t, "to group") {
			h.Cast.ToGroup = rapid.SampledFrom([]string{"finance", "managers", "it", "nobody"}).Draw(t, "group")
		} else {
			to := rapid.SampledFrom([]string{"bob", "carol", "eve", "frank"}).Draw(t, "person")
			h.Cast.To, h.ToPerson, h.ToGroups = to, to, groupsOf[to]
		}
	case events.Ask:
		h.Cast.Item = rapid.IntRange(0, 5).Draw(t, "about")
	case events.Acknowledge:
		h.Cast.Seconds = rapid.IntRange(0, 600).Draw(t, "seconds")
	}
	return h
}

func (w *world) drawAnswer(sequence uint64) Answered {
	return Answered{
		Agent: "billing", Action: fmt.Sprintf("a-%d", rapid.IntRange(1, 4).Draw(w.t, "answers")), Question: events.QuestionID(rapid.Uint64Range(1, 12).Draw(w.t, "question")),
		Sequence: sequence, EventID: fmt.Sprintf("q-%d", sequence), Text: "because", At: noon.Add(time.Duration(sequence) * time.Second),
	}
}

// drawVerdict draws a verdict, most of them good.
func (w *world) drawVerdict(sequence uint64) Verdict {
	t := w.t
	people := []string{"alice", "bob", "carol", "dave", "eve", "frank", "alice-2"}
	kinds := []events.VerdictKind{events.Approve, events.Approve, events.Approve, events.Approve, events.Reject, events.Respond, events.Abstain}
	v := says(w.s, sequence, rapid.SampledFrom(people).Draw(t, "who"), rapid.SampledFrom(kinds).Draw(t, "verdict"))
	for n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 5), 0, 3, rapid.ID[int]).Draw(t, "items") {
		v.Cast.Items = append(v.Cast.Items, events.ItemVerdict{Number: min(n+1, len(w.s.Items)+1), Verdict: rapid.SampledFrom(kinds).Draw(t, "item verdict")})
	}
	if len(v.Cast.Items) > 0 && rapid.Bool().Draw(t, "only items") {
		v.Cast.Verdict = ""
	}
	w.drawEdits(&v)
	if v.Cast.Uses(events.Respond) {
		v.Cast.Guidance = "do it by transfer"
	}
	if rapid.IntRange(0, 4).Draw(t, "comments") > 0 {
		v.Cast.Comment = "because"
	}
	if rapid.IntRange(0, 7).Draw(t, "own") == 0 {
		v.Own = map[int]string{1: "it is on their behalf"}
	}
	switch rapid.IntRange(0, 15).Draw(t, "fault") {
	case 0:
		v.Cast.Digest = events.Digest([]byte("another card"))
	case 1:
		v.Channel = "slack"
	case 2:
		v.Cast.Approver = "mallory"
	}
	return v
}

// drawEdits turns some answers to items into edits, harmless, riskier or impossible.
func (w *world) drawEdits(v *Verdict) {
	v.Edits = make(map[int]Edit)
	for i := range v.Cast.Items {
		item := &v.Cast.Items[i]
		if rapid.IntRange(0, 3).Draw(w.t, "edits") > 0 {
			continue
		}
		item.Verdict, item.Arguments = events.Edit, json.RawMessage(fmt.Sprintf(`{"amount":%d}`, v.Sequence))
		assessed := &events.ActionAssessed{
			ActionRef: ref(item.Number), Level: events.High, Score: 60, Edited: &events.EditedArguments{Arguments: item.Arguments, By: v.Approver},
		}
		assessed.ArgumentsDigest = events.Digest(item.Arguments)
		e := Edit{Assessed: assessed}
		switch rapid.IntRange(0, 5).Draw(w.t, "edit") {
		case 0:
			assessed.Score = 90
		case 1:
			e.Problem = "has no amount"
		}
		v.Edits[item.Number] = e
	}
}

func (w *world) drawWithdrawal(sequence uint64) Withdrawn {
	n := rapid.IntRange(1, 5).Draw(w.t, "withdrawn")
	return Withdrawn{Agent: "billing", Action: fmt.Sprintf("a-%d", n), Sequence: sequence, EventID: fmt.Sprintf("w-%d", sequence), At: noon.Add(time.Duration(sequence) * time.Second)}
}

func (w *world) drawTimer() TimerFired {
	return TimerFired{
		Tier:   rapid.IntRange(0, 3).Draw(w.t, "tier"),
		Kind:   rapid.SampledFrom([]TimerKind{Remind, Remind, Escalate, Wake}).Draw(w.t, "kind"),
		N:      rapid.IntRange(0, 3).Draw(w.t, "n"),
		At:     noon.Add(time.Duration(rapid.IntRange(0, 7200).Draw(w.t, "at")) * time.Second),
		OnCall: rapid.SampledFrom([]map[string][]string{nil, nil, {"it": {"eve"}}, {"managers": {"carol"}}}).Draw(w.t, "on call"),
	}
}

// run plays a drawn story: new verdicts in any order of sequence, timers at any
// time, redeliveries of anything.
func (w *world) run() {
	order := rapid.Permutation([]uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}).Draw(w.t, "order")
	if rapid.Bool().Draw(w.t, "in order") {
		slices.Sort(order)
	}
	for len(order) > 0 {
		switch what := rapid.IntRange(0, 9).Draw(w.t, "what"); {
		case what < 5:
			w.play(w.drawVerdict(order[0]))
			order = order[1:]
		case what < 6:
			if rapid.IntRange(0, 2).Draw(w.t, "answers") == 0 {
				w.play(w.drawAnswer(order[0]))
			} else {
				w.play(w.drawHandOver(order[0]))
			}
			order = order[1:]
		case what < 7:
			w.play(w.drawTimer())
			order = order[1:]
		case what < 8 && rapid.Bool().Draw(w.t, "withdraws"):
			w.play(w.drawWithdrawal(order[0]))
			order = order[1:]
		case len(w.history) > 0:
			w.redeliver(w.history[rapid.IntRange(0, len(w.history)-1).Draw(w.t, "again")])
			order = order[:len(order)-rapid.IntRange(0, 1).Draw(w.t, "tire")]
		default:
			order = order[1:]
		}
	}
}

// redeliver checks that an input had its effects once and for all.
func (w *world) redeliver(p played) {
	again := w.apply(p.in)
	if code := refusalOf(p.effects); code != "" {
		// After an edit an older verdict of the same person may be dropped in silence instead.
		// A hand-over changes no outcome; that one which was told refused stays refused is up to the router.
		if _, handsOver := p.in.(HandOver); !handsOver && refusalOf(again) == "" && len(again) > 0 {
			w.t.Fatalf("%+v was refused as %s and then led to %+v", p.in, code, again)
		}
		return
	}
	if _, isTimer := p.in.(TimerFired); !isTimer && !reflect.DeepEqual(lasting(again), lasting(p.effects)) {
		w.t.Fatalf("%+v led to %+v\nand then to %+v", p.in, p.effects, again)
	}
	if timer, ok := p.in.(TimerFired); ok && timer.Kind == Escalate && len(lasting(p.effects)) > 0 && !reflect.DeepEqual(lasting(again), lasting(p.effects)) {
		w.t.Fatalf("%+v led to %+v\nand then to %+v", p.in, p.effects, again)
	}
}

// lasting leaves out the timers, which a request that moved on needs no more, and versions of the card, which
// newer ones overtake.
func lasting(effects []Effect) (kept []Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case Announce:
			if e.Event != events.Revised {
				kept = append(kept, e)
			}
		case Arm, Tell:
		default:
			kept = append(kept, e)
		}
	}
	return kept
}

// finish lets the remaining tiers end.
func (w *world) finish() {
	for tier := w.s.Tier; w.s.Resolved == nil; tier++ {
		if tier >= len(w.s.Rules.Tiers) {
			w.t.Fatal("the path ended and the request is open")
		}
		w.play(tierEnds(tier))
	}
	if len(w.ledger)+len(w.moved) != len(w.s.Items) {
		w.t.Fatalf("%d items have %d decisions, and %d went to new cards", len(w.s.Items), len(w.ledger), len(w.moved))
	}
}

func TestWhateverHappensEveryItemGetsOneRightfulDecision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.run()
		w.finish()
		// Everything is delivered again, in any order: nothing new comes of it.
		order := make([]int, len(w.history))
		for i := range order {
			order[i] = i
		}
		for _, i := range rapid.Permutation(order).Draw(t, "all again") {
			w.redeliver(w.history[i])
		}
		w.run()
	})
}

// A crash loses the effects of a step but not its state. Whatever was lost, the
// redelivered inputs tell the ledger and the group all of it.
func TestRedeliveryRepairsEveryCrash(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.run()
		w.finish()
		told := make(map[string]bool)
		resolved := 0
		for _, p := range w.history {
			_, effects := Next(w.s, p.in, noon)
			for _, d := range decisions(effects) {
				told[d.Action] = true
			}
			for _, e := range effects {
				if r, ok := e.(Reopen); ok {
					told[r.Assessed.Action] = true
				}
			}
			if slices.ContainsFunc(effects, func(e Effect) bool { a, ok := e.(Announce); return ok && a.Event == events.Resolved }) {
				resolved++
			}
		}
		if len(told) != len(w.s.Items) || resolved == 0 {
			t.Fatalf("of %d items redelivery decided %d, and announced the end %d times", len(w.s.Items), len(told), resolved)
		}
	})
}
