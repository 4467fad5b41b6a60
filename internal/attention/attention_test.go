package attention

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var strict = Rules{PerItem: 2 * time.Second, InARow: 3, PerHour: 10, Then: Second, For: 30 * time.Minute}

func answer(n int, took time.Duration, items int, approves bool) Answer {
	return Answer{Sequence: uint64(n), At: noon.Add(time.Duration(n) * time.Minute), Items: items, Took: took, Approves: approves}
}

func TestTooFastInARow(t *testing.T) {
	t.Parallel()
	var s State
	for n, c := range []struct {
		a    Answer
		want bool
	}{
		{answer(1, time.Second, 1, true), false}, {answer(2, time.Second, 1, true), false},
		{answer(3, time.Second, 1, false), false}, // a rejection takes thought
		{answer(4, time.Second, 1, true), false}, {answer(5, 9*time.Second, 5, true), false},
		{answer(6, 2*time.Second, 1, true), false}, // just enough
		{answer(7, time.Second, 1, true), false}, {answer(8, 9*time.Second, 5, true), false}, {answer(9, 0, 1, true), true},
		{answer(10, 0, 1, true), false}, // it stands
	} {
		var w *Warning
		s, w = s.Count(c.a, "money", strict)
		if (w != nil) != c.want {
			t.Errorf("answer %d: %+v", n+1, w)
		}
	}
	w, ok := s.Standing("money", noon.Add(38*time.Minute))
	if !ok || w.Rule != Fast || w.Then != Second || !w.Until.Equal(noon.Add(39*time.Minute)) {
		t.Errorf("%+v", w)
	}
	if _, ok := s.Standing("money", w.Until); ok {
		t.Error("it never ends")
	}
	if _, ok := s.Standing("other", noon); ok {
		t.Error("it stands on another route")
	}
}

func TestTooManyInAnHour(t *testing.T) {
	t.Parallel()
	var s State
	var w *Warning
	for n := range 11 {
		if s, w = s.Count(answer(n+1, time.Hour, 1, n%2 == 0), "money", strict); (w != nil) != (n == 10) {
			t.Errorf("answer %d: %+v", n+1, w)
		}
	}
	if w.Rule != Load || w.Detail != "11 cards within an hour" {
		t.Errorf("%+v", w)
	}
}

func TestNoRulesNoticeNothing(t *testing.T) {
	t.Parallel()
	var s State
	for n := range 1000 {
		var w *Warning
		if s, w = s.Count(answer(n+1, 0, 1, true), "money", Rules{}); w != nil {
			t.Fatalf("%+v", w)
		}
	}
	if len(s.Answers) != kept {
		t.Errorf("%d answers are remembered", len(s.Answers))
	}
}

// Answers come again, and in another order, after a crash: what is remembered is the same, a warning that was given is given again, and what
// is counted never changes the state it was given.
func TestRepetitionsCountOnce(t *testing.T) {
	t.Parallel()
	for range 200 {
		var s State
		given := map[uint64]Warning{}
		for n := range 30 {
			a := answer(n+1, time.Duration(rand.IntN(4))*time.Second, 1, rand.IntN(5) > 0)
			before, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			next, w := s.Count(a, "money", strict)
			if after, err := json.Marshal(s); err != nil || string(before) != string(after) {
				t.Fatal("counting changed the state it was given")
			}
			if w != nil {
				given[a.Sequence] = *w
			}
			s = next
			again := uint64(1 + rand.IntN(n+1))
			repeated, w := s.Count(Answer{Sequence: again, At: noon}, "money", strict)
			if !reflect.DeepEqual(repeated, s) {
				t.Fatal("a repetition changed the state")
			}
			if w != nil && given[again] != *w {
				t.Fatalf("%+v, and before %+v", *w, given[again])
			}
		}
	}
}
