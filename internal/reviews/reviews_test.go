package reviews

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func action(agent, name, tool string) *events.ActionAssessed {
	return &events.ActionAssessed{ActionRef: events.ActionRef{Agent: agent, Action: name, Digest: events.Digest([]byte(name))}, Level: events.Medium, Score: 40, Tool: tool, Reason: "does more than look"}
}

func all(events.ActionRef) (bool, error) { return true, nil }

// fill collects 1,000 mails, 20 changes and 3 deletions of ten agents, in any order.
func fill(order []int) *Collector {
	c := NewCollector(20)
	for _, i := range order {
		tool := "send_email"
		switch {
		case i < 3:
			tool = "delete_draft"
		case i < 23:
			tool = "update_ticket"
		}
		c.Add(action(fmt.Sprintf("agent-%d", i%10), fmt.Sprintf("a-%d", i), tool), noon)
	}
	return c
}

// The same log gives the same digest, in whatever order it is read, and every kind is seen.
func TestDigestsFollowFromTheLog(t *testing.T) {
	t.Parallel()
	var first string
	for range 5 {
		c := fill(rand.Perm(1023))
		items, err := c.Sampled(all)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Open("v-1", "operations", noon, noon.Add(time.Hour), items)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = s.Digest
		}
		if s.Digest != first {
			t.Fatal("the digest depends on the order")
		}
		card := s.ReadCard()
		tools := map[string]int{}
		for i, item := range card.Items {
			if item.Number != i+1 {
				t.Errorf("item %d has number %d", i+1, item.Number)
			}
			tools[item.Tool]++
		}
		if card.Actions != 1023 || len(card.Items) != 20 || tools["delete_draft"] != 3 || tools["update_ticket"] < 8 || tools["send_email"] < 8 {
			t.Errorf("%d actions, %d items, %v", card.Actions, len(card.Items), tools)
		}
		if k := card.Kinds[0]; len(card.Kinds) != 3 || k.Tool != "send_email" || k.Actions != 1000 || k.Agents != 10 {
			t.Errorf("%+v", card.Kinds)
		}
	}
}

func TestDigestsAreBounded(t *testing.T) {
	t.Parallel()
	c := NewCollector(5)
	long := strings.Repeat("é世", 500)
	for i := range 1000 {
		a := action(long, fmt.Sprint(i), fmt.Sprintf("%s-%d", long, i))
		a.Reason, a.Principal, a.Target = long, long, &events.Target{Kind: long, Name: long}
		a.Rules = []events.FiredRule{{ID: fmt.Sprint(i)}}
		c.Add(a, noon)
	}
	refuses := 0
	items, err := c.Sampled(func(events.ActionRef) (bool, error) { refuses++; return refuses > 50, nil })
	if err != nil || len(items) != 5 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	for i := range items {
		items[i].Agent = "a" // a token, on a real subject
	}
	s, err := c.Open("v-1", "operations", noon, noon, items)
	if err != nil || len(s.Card) > 128<<10 || s.ReadCard().Actions != 1000 || len(s.ReadCard().Kinds) != maxKinds+1 {
		t.Errorf("%d bytes, %v", len(s.Card), err)
	}
}

func opened(t *testing.T) State {
	t.Helper()
	c := NewCollector(3)
	for i := range 3 {
		c.Add(action("billing", fmt.Sprint(i), "send_email"), noon)
	}
	items, err := c.Sampled(all)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open("v-1", "operations", noon, noon.Add(time.Hour), items)
	if err != nil {
		t.Fatal(err)
	}
	s.FlagSeconds = 3600
	return s
}

func answer(s State, sequence uint64, person string, cast events.ReviewCast) Answer {
	if cast.Digest == "" {
		cast.Digest = s.Digest
	}
	return Answer{Cast: &cast, Sequence: sequence, Approver: person, Person: person, Channel: "self", Groups: []string{"operations"}, At: noon}
}

func TestAnswersCount(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s, marked, flags, refused := s.Apply(answer(s, 1, "alice", events.ReviewCast{Items: []events.ItemMark{{Number: 1, Mark: events.Fine}, {Number: 2, Mark: events.Flag}}, Comment: "wrong list"}))
	if refused != "" || marked.Fine != 1 || marked.Flagged != 1 || marked.Left != 1 || len(flags) != 1 {
		t.Fatalf("%+v %+v %s", marked, flags, refused)
	}
	f := flags[0]
	if f.Agent != "billing" || f.Tool != "send_email" || f.Person != "alice" || f.Comment != "wrong list" || !f.Until.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", f)
	}
	// It survives being stored, and what comes again says the same.
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var read State
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	again, marked, flags, _ := read.Apply(answer(s, 1, "alice", events.ReviewCast{Items: []events.ItemMark{{Number: 1, Mark: events.Fine}, {Number: 2, Mark: events.Flag}}}))
	if marked == nil || marked.Left != 1 || len(flags) != 1 || len(again.Marks) != 2 {
		t.Errorf("%+v %+v", marked, flags)
	}
	s, _, _, _ = s.Apply(answer(s, 9, "bob", events.ReviewCast{Mark: events.Fine}))
	if s.Left() != 0 || s.Marks[2].Mark != events.Fine || s.Marks[2].Person != "bob" {
		t.Errorf("%+v", s.Marks)
	}
	late, marked, _, refused := s.Apply(answer(s, 5, "bob", events.ReviewCast{Mark: events.Flag}))
	if marked != nil || refused != "" || late.Marks[1].Mark != events.Fine {
		t.Errorf("an older answer of bob's came last: %+v %s", marked, refused)
	}
}

func TestAnswersThatDoNotCount(t *testing.T) {
	t.Parallel()
	s := opened(t)
	for want, change := range map[string]func(*Answer){
		"is not in operations": func(a *Answer) { a.Groups = []string{"security"} },
		"another review":       func(a *Answer) { a.Cast.Digest = events.Digest(nil) },
		"has no item 4":        func(a *Answer) { a.Cast.Items = []events.ItemMark{{Number: 4, Mark: events.Flag}} },
		"item 2 is for others": func(a *Answer) {
			a.Own = map[int]string{2: "their own"}
			a.Cast.Items = []events.ItemMark{{Number: 2, Mark: events.Fine}}
		},
		"every item is for others to look": func(a *Answer) { a.Own = map[int]string{1: "x", 2: "x", 3: "x"} },
	} {
		a := answer(s, 1, "alice", events.ReviewCast{Mark: events.Fine})
		change(&a)
		next, marked, flags, refused := s.Apply(a)
		if marked != nil || len(flags) != 0 || !strings.Contains(refused, want) || len(next.Marks) != 0 {
			t.Errorf("%+v %q, want %q", marked, refused, want)
		}
	}
	// Of an answer to all, what is the reviewer's own is left to others.
	a := answer(s, 1, "alice", events.ReviewCast{Mark: events.Fine})
	a.Own = map[int]string{3: "their own"}
	if next, marked, _, refused := s.Apply(a); refused != "" || marked.Fine != 2 || next.Left() != 1 {
		t.Errorf("%+v %s", marked, refused)
	}
}
