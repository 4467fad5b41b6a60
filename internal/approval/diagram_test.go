package approval

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

//go:generate go test . -run ^TestTheDiagramIsCurrent$ -write

var write = flag.Bool("write", false, "write the diagram anew")

const page = "../../docs/request-states.md"

// checkTransition holds a step against the table the diagram is drawn from.
func (w *world) checkTransition(next State, effects []Effect, took transition) {
	if problem := violates(w.s, next, effects, took); problem != "" {
		w.t.Fatal(problem)
	}
	w.seen[took] = true
}

func violates(before, next State, effects []Effect, took transition) string {
	i := slices.IndexFunc(transitions, func(r rule) bool { return r.Took == took })
	if i < 0 {
		return fmt.Sprintf("%s is not in the table", took)
	}
	r := transitions[i]
	to := r.To
	if to == "" {
		to = before.phase()
	}
	if !slices.Contains(r.From, before.phase()) || next.phase() != to {
		return fmt.Sprintf("%s went from %s to %s", took, before.phase(), next.phase())
	}
	for _, e := range effects {
		if !slices.Contains(r.Effects, effectName(e)) {
			return fmt.Sprintf("%s had the effect %s", took, effectName(e))
		}
	}
	return ""
}

func effectName(e Effect) string {
	switch e := e.(type) {
	case Decide:
		return "decide"
	case Announce:
		return "announce " + string(e.Event)
	case Arm:
		return "arm"
	case Reopen:
		return "reopen"
	case Tell:
		return "tell"
	}
	return "unknown"
}

// Every arrow of the diagram is walked, from every state it starts in.
func TestEveryTransitionHappens(t *testing.T) {
	t.Parallel()
	walked := make(map[string]bool)
	walk := func(inputs ...Input) {
		s := mustOpen(t, 2, twoTiers(1))
		for _, in := range inputs {
			next, effects, took := step(s, in, noon)
			if problem := violates(s, next, effects, took); problem != "" {
				t.Error(problem)
			}
			walked[string(s.phase())+string(took)] = true
			s = next
		}
	}
	s := mustOpen(t, 2, twoTiers(1))
	first, second := says(s, 2, "alice", events.Approve, 1), says(s, 4, "bob", events.Reject, 2)
	older := says(s, 1, "alice", events.Reject, 1)
	walk(first, first, older, second, second, older, says(s, 9, "dave", events.Approve), tierEnds(0))
	walk(TimerFired{Tier: 0, Kind: Remind, N: 1, At: noon.Add(4 * time.Minute)}, tierEnds(1), tierEnds(0), tierEnds(1), says(s, 1, "eve", events.Reject))
	walk(says(s, 1, "eve", events.Reject))
	edited := func(s State, score int) Verdict {
		v := says(s, 2, "alice", events.Edit, 1)
		v.Cast.Items[0].Arguments = []byte(`{"amount":1}`)
		v.Edits = map[int]Edit{1: {Assessed: &events.ActionAssessed{ActionRef: ref(1), Level: events.High, Score: score, Edited: &events.EditedArguments{Arguments: []byte(`{"amount":1}`), By: "alice"}}}}
		return v
	}
	gone := func(action string) Withdrawn {
		return Withdrawn{Agent: "billing", Action: action, Sequence: 7, EventID: "w-" + action, At: noon}
	}
	walk(edited(s, 90), edited(s, 90))
	walk(gone("a-1"), gone("a-1"), gone("a-9"), gone("a-2"), gone("a-2"), gone("a-1"))
	asks, snoozes := hands(s, 7, "alice", events.Ask), hands(s, 8, "alice", events.Snooze)
	answer := Answered{Agent: "billing", Action: "a-1", Question: events.QuestionID(7), Sequence: 1, Text: "it is due today", At: noon}
	early := TimerFired{Tier: 0, Kind: Escalate, At: noon.Add(time.Minute)}
	walk(asks, asks, hands(s, 9, "eve", events.Acknowledge), early, snoozes, TimerFired{Kind: Wake, N: 8}, answer, answer, tierEnds(0), tierEnds(1), asks, answer)
	two := mustOpen(t, 2, twoTiers(2))
	if _, _, took := step(two, edited(two, 10), noon); took != revised {
		t.Errorf("an edit without a quorum was %s", took)
	}
	walked[string(open)+string(revised)] = true
	if _, _, took := step(two, says(two, 1, "alice", events.Approve), noon); took != counted {
		t.Errorf("half a quorum was %s", took)
	}
	walked[string(open)+string(counted)] = true
	for _, r := range transitions {
		for _, from := range r.From {
			if from != start && !walked[string(from)+string(r.Took)] {
				t.Errorf("%s from %s never happened", r.Took, from)
			}
		}
	}
}

func TestTheDiagramIsCurrent(t *testing.T) {
	t.Parallel()
	want := drawn()
	if *write {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != want {
		t.Errorf("%s is not current (%v): run make generate", page, err)
	}
}

// drawn is the page with the diagram and the table.
func drawn() string {
	var b strings.Builder
	b.WriteString(`<!-- Written from the transitions in internal/approval; change them there and run make generate. -->
# The states of a request

A request is open until every one of its items has an outcome. Its items are independent: a rejection rejects its item and no other, and a
quorum of different people approves its item, each of them in one place: who is in two groups does not stand for both. Every step is one call of ` + "`approval.Next`" + `, stored by compare-and-set before its effects are told.

` + "```mermaid\nstateDiagram-v2\n")
	for _, r := range transitions {
		for _, from := range r.From {
			to := r.To
			if to == "" {
				to = from
			}
			fmt.Fprintf(&b, "    %s --> %s: %s\n", from, to, r.Took)
		}
	}
	b.WriteString("    Resolved --> [*]: kept for a day\n```\n\n| transition | when | effects |\n| --- | --- | --- |\n")
	for _, r := range transitions {
		effects := strings.Join(r.Effects, ", ")
		if effects == "" {
			effects = "none"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.Took, r.When, effects)
	}
	b.WriteString(`
Tiers follow the plan made at opening: tier n ends after the waits of all tiers up to it. Where the earliest deadline of an item comes before the end of
the path, the path is shortened in proportion, so that every tier has its part. A timer that fires late does not move the end. Somebody who looks at the request, or
is handed it, holds the next tier back, once a tier and for as long as the route allows; a question to the agent stops the clock for at most as
long as the route allows, and at most five can be asked: so the end moves, but not for ever, and never past a deadline. At the end, what is undecided is rejected
or expires, as the route says; it is never approved.

The agent's answer to a question makes a new version of the card, and the count of what it is about starts anew.

An edit puts other arguments in the place of the proposed ones. Where they are no riskier than what was shown, the card gets a new version with a new
digest, and the count of the item starts anew with the editor's approval. Where they are riskier, the action is assessed anew and goes to
a card of its own. A withdrawal ends an item that has no outcome.

A verdict that came before its approver's tier was brought in is refused, and stays refused when it is delivered again later. A verdict
that was applied repeats its effects when it is delivered again; an older verdict never overrides a newer one by the same person.
`)
	return b.String()
}
