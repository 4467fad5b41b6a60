package approver_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// putAnswered stores a request of four items in the JSON of the state machine: one rejected, one moved, two that wait.
func (w *world) putAnswered(id string) {
	w.t.Helper()
	var items string
	for n := 1; n <= 4; n++ {
		more := ""
		if n == 3 {
			more = `,"edited":{"amount":1},"editedBy":"carol"`
		}
		items += fmt.Sprintf(`,{"number":%d,"agent":"billing","action":"a-%d","sequence":%d,"digest":%q%s}`, n, n, n, events.Digest([]byte(id)), more)
	}
	card := fmt.Sprintf(`{"request":%q,"group":"finance","version":3,"quorum":2,"items":[%s]}`, id, items[1:])
	w.put(id, fmt.Sprintf(`{"request":%q,"digest":%q,"card":%s,
		"rules":{"require":[{"group":"finance","count":1},{"group":"security","count":1}],"rejectionEnds":true,"tiers":[{"group":"finance"},{"group":"board"}]},"tier":0,
		"verdicts":[{"sequence":7,"comment":"not this one","guidance":"ask Ann"}],"counted":{"carol":9},
		"items":[{"votes":[{"approver":"carol-2","person":"carol","groups":["finance"],"verdict":"respond","sequence":7}],"outcome":{"outcome":"rejected","by":"approvers"}},
			{"moved":{"cause":{"sequence":8}}},{},{}]}`, id, events.Digest([]byte(card)), card))
}

func TestARequestShowsWhatWasAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.putAnswered("r-1")
	r, err := w.alice().Get(w.ctx(), "r-1")
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != 3 || !r.RejectionEnds || len(r.Require) != 2 || !reflect.DeepEqual(r.Groups, []string{"finance", "security"}) || !reflect.DeepEqual(r.Path, []string{"finance", "security", "board"}) {
		t.Errorf("%+v", r)
	}
	var open []bool
	for _, item := range r.Items {
		open = append(open, item.Open())
	}
	if !reflect.DeepEqual(open, []bool{false, false, true, true}) || !r.Items[1].Moved || string(r.Items[2].Edited) != `{"amount":1}` || r.Items[2].EditedBy != "carol" {
		t.Errorf("%+v", r.Items)
	}
	if v := r.Items[0].Votes[0]; v.Person != "carol" || v.Approver != "carol-2" || v.Comment != "not this one" || v.Guidance != "ask Ann" {
		t.Errorf("%+v", v)
	}
	for sequence, want := range map[uint64]bool{6: false, 7: true, 8: true, 9: true, 10: false} {
		if r.Counted(sequence) != want {
			t.Errorf("verdict %d counted: %t", sequence, !want)
		}
	}
}

func TestAllBut(t *testing.T) {
	t.Parallel()
	r := approver.Request{Items: []approver.Item{{}, {Outcome: events.Rejected}, {Moved: true}, {}, {}}}
	for _, c := range []struct {
		except []int
		want   []int
	}{
		{nil, []int{1, 4, 5}},
		{[]int{4}, []int{1, 5}},
		{[]int{1, 2, 5, 5}, []int{4}},
		{[]int{1, 4, 5}, nil}, // nothing is left
		{[]int{0}, nil},
		{[]int{6}, nil},
		{[]int{-1}, nil},
	} {
		answers, err := r.AllBut(events.Approve, c.except...)
		var got []int
		for _, a := range answers {
			got = append(got, a.Number)
			if a.Verdict != events.Approve {
				t.Errorf("%+v", a)
			}
		}
		if !reflect.DeepEqual(got, c.want) || (err != nil) != (c.want == nil) {
			t.Errorf("all but %v: %v, %v; want %v", c.except, got, err, c.want)
		}
	}
}
