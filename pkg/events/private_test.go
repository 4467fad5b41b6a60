package events_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/pkg/events"
)

func payment() *events.ActionProposed {
	return &events.ActionProposed{
		Breakpoint: events.AtToolCall, Tool: "send_payment", Principal: "carol", Request: "Pay <Dora> & co",
		Arguments: json.RawMessage(`{"iban":"DE00 1234","amount":12.50,"people":[{"name":"Dora","pin":1234},{"name":"Emil","pin":1234}]}`),
		Memory:    []events.MemoryItem{{Origin: "crm", Text: "Dora is ill"}},
	}
}

var everything = []string{"/arguments/iban", "/arguments/people/*/pin", "/request", "/memory/*/text", "/arguments/absent"}

func split(t *testing.T) (*events.ActionProposed, *events.PrivateStored) {
	t.Helper()
	a, stored, err := events.Split("billing", "a1", payment(), everything, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a, stored
}

func TestSplitTakesTheValuesOutAndRevealPutsThemBack(t *testing.T) {
	t.Parallel()
	a, stored := split(t)
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"DE00", "1234", "Dora> ", "ill"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
	if len(a.Private) != 5 || len(stored.Values) != 5 || stored.Principal != "carol" {
		t.Fatalf("%+v, %+v", a.Private, stored)
	}
	r, lacking := events.Reveals("billing", "a1", a.Private, stored)
	if len(lacking) > 0 {
		t.Fatalf("lacking %v", lacking)
	}
	back, err := r.Action(a)
	if err != nil {
		t.Fatal(err)
	}
	want, got := payment(), back
	wantDigest, _ := events.ArgumentsDigest(want.Arguments)
	gotDigest, _ := events.ArgumentsDigest(got.Arguments)
	if wantDigest != gotDigest || got.Request != want.Request || got.Memory[0] != want.Memory[0] || !strings.Contains(string(got.Arguments), "12.50") {
		t.Fatalf("came back as %+v: %s", got, got.Arguments)
	}
}

// Equal values have different commitments, and the same values split again do too: nothing can be compared.
func TestCommitmentsCannotBeCompared(t *testing.T) {
	t.Parallel()
	a, _ := split(t)
	b, _ := split(t)
	seen := map[string]bool{}
	for _, f := range append(a.Private, b.Private...) {
		if seen[f.Commitment] {
			t.Fatalf("%s twice", f.Commitment)
		}
		seen[f.Commitment] = true
	}
}

func TestCommitmentBindsItsPlace(t *testing.T) {
	t.Parallel()
	v := events.PrivateValue{Pointer: "/arguments/a", Salt: events.NewSalt(), Value: json.RawMessage(`{"b": 1, "a": "\u0041"}`)}
	want, err := events.Commitment("billing", "a1", v)
	if err != nil {
		t.Fatal(err)
	}
	same := v
	same.Value = json.RawMessage(`{"a":"A","b":1}`)
	if got, err := events.Commitment("billing", "a1", same); err != nil || got != want {
		t.Errorf("the same value otherwise written: %s, %v", got, err)
	}
	other := func(agent, action string, change func(*events.PrivateValue)) {
		w := v
		change(&w)
		if got, err := events.Commitment(agent, action, w); err != nil || got == want {
			t.Errorf("%s/%s %+v: %s, %v", agent, action, w, got, err)
		}
	}
	other("billin", "ga1", func(*events.PrivateValue) {}) // a part does not run into the next
	other("billing", "a2", func(*events.PrivateValue) {})
	other("billing", "a1", func(w *events.PrivateValue) { w.Pointer = "/arguments/b" })
	other("billing", "a1", func(w *events.PrivateValue) { w.Value = json.RawMessage(`{"a":"B","b":1}`) })
	other("billing", "a1", func(w *events.PrivateValue) { w.Salt = events.NewSalt() })
}

func TestSwappedValuesAreNeverRevealed(t *testing.T) {
	t.Parallel()
	a, stored := split(t)
	for i := range stored.Values {
		swapped := *stored
		swapped.Values = append([]events.PrivateValue(nil), stored.Values...)
		swapped.Values[i].Value = json.RawMessage(`"somebody else's"`)
		r, lacking := events.Reveals("billing", "a1", a.Private, &swapped)
		if len(lacking) != 1 || lacking[0].Pointer != stored.Values[i].Pointer {
			t.Errorf("value %d: lacking %v", i, lacking)
		}
		back, err := r.Action(a)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := json.Marshal(back); err != nil || strings.Contains(string(text), "somebody else's") {
			t.Errorf("value %d: %s, %v", i, text, err)
		}
	}
	for _, who := range [][2]string{{"mallory", "a1"}, {"billing", "a2"}} {
		if _, lacking := events.Reveals(who[0], who[1], a.Private, stored); len(lacking) != 5 {
			t.Errorf("as %v: lacking %v", who, lacking)
		}
	}
	if _, lacking := events.Reveals("billing", "a1", a.Private, nil); len(lacking) != 5 {
		t.Errorf("without values: lacking %v", lacking)
	}
}

// A mark where private values have no place stays one: routes and people are chosen by what stands there.
func TestMarksInPublicPlacesStay(t *testing.T) {
	t.Parallel()
	a, stored := split(t)
	mark := a.Private[0].Mark()
	a.Tool, a.Principal, a.Session, a.Target = mark, mark, mark, &events.Target{Name: mark}
	r, _ := events.Reveals("billing", "a1", a.Private, stored)
	back, err := r.Action(a)
	if err != nil || back.Tool != mark || back.Principal != mark || back.Session != mark || back.Target.Name != mark {
		t.Fatalf("%+v, %v", back, err)
	}
}

func TestPrivatePointers(t *testing.T) {
	t.Parallel()
	for _, good := range append(everything, "/reasoning", "/plan/0/description", "/plan/*/arguments/a/b", "/impact/summary") {
		if err := events.CheckPrivatePointer(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "/", "arguments/a", "/arguments", "/tool", "/principal", "/target/name", "/plan", "/plan/0", "/plan/0/arguments", "/memory/0", "/memory/0/origin", "/private/0"} {
		if err := events.CheckPrivatePointer(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if err := (&events.ActionProposed{Breakpoint: events.AtSubtask, Private: []events.PrivateField{{Pointer: "/request", Commitment: "x"}}}).Validate(); err == nil {
		t.Error("a commitment that is none is taken")
	}
}

func FuzzPrivate(f *testing.F) {
	f.Add(`{"iban":"x","people":[{"pin":1e3}]}`, "hello")
	f.Add(`{"people":[[],{"pin":{"a":[null,true]}}]}`, "\u2028")
	f.Fuzz(func(t *testing.T, arguments, request string) {
		a := &events.ActionProposed{Breakpoint: events.AtSubtask, Arguments: json.RawMessage(arguments), Request: request}
		want, err := events.ArgumentsDigest(a.Arguments)
		if err != nil {
			return
		}
		split, stored, err := events.Split("billing", "a1", a, everything, nil)
		if err != nil || stored == nil {
			return
		}
		r, lacking := events.Reveals("billing", "a1", split.Private, stored)
		back, err := r.Action(split)
		if err != nil || len(lacking) > 0 {
			t.Fatalf("%v, lacking %v", err, lacking)
		}
		if got, err := events.ArgumentsDigest(back.Arguments); err != nil || got != want || back.Request != request {
			t.Fatalf("%s became %s (%v)", arguments, back.Arguments, err)
		}
	})
}

// Arguments that somebody edited who was shown the values have marks again, where the values are as they were.
func TestKeepPutsMarksBack(t *testing.T) {
	t.Parallel()
	a := &events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "pay", Arguments: json.RawMessage(`{"amount":12.50,"iban":"DE02","name":"Carol","ok":true,"open":1}`)}
	split, stored, err := events.Split("billing", "a-1", a, []string{"/arguments/amount", "/arguments/iban", "/arguments/name", "/arguments/ok"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := events.Reveals("billing", "a-1", split.Private, stored)
	mark := map[string]string{}
	for _, f := range split.Private {
		mark[f.Pointer] = `"` + f.Mark() + `"`
	}
	for edited, want := range map[string]string{
		string(a.Arguments): string(split.Arguments),
		`{"amount":1.25e1,"iban":"DE02","name":"Carol","ok":true,"open":2}`: strings.Replace(string(split.Arguments), `"open":1`, `"open":2`, 1),
		`{"amount":9,"iban":"DE03","name":"carol","ok":false,"open":true}`:  `{"amount":9,"iban":"DE03","name":"carol","ok":false,"open":true}`,
		`{"iban":["DE02",12.50,true],"name":{"is":"Carol"}}`:                `{"iban":[` + mark["/arguments/iban"] + `,12.50,true],"name":{"is":` + mark["/arguments/name"] + `}}`,
		`{"name":` + mark["/arguments/name"] + `,"text":"Carol and DE02"}`:  `{"name":` + mark["/arguments/name"] + `,"text":"Carol and DE02"}`,
	} {
		got, err := r.Keep(json.RawMessage(edited), split.Private)
		if err != nil || string(got) != want {
			t.Errorf("%s becomes %s, %v; want %s", edited, got, err, want)
		}
		again, err := r.JSON(got)
		if err != nil {
			t.Fatal(err)
		}
		was, _ := events.ArgumentsDigest(json.RawMessage(strings.Replace(edited, "1.25e1", "12.50", 1)))
		if strings.Contains(edited, "private:") {
			continue
		}
		if is, _ := events.ArgumentsDigest(again); is != was {
			t.Errorf("%s means %s afterwards", edited, again)
		}
	}
	if _, err := r.Keep(json.RawMessage(`{`), split.Private); err == nil {
		t.Error("what is no JSON was taken")
	}
	if got, err := (events.Revealer{}).Keep(a.Arguments, split.Private); err != nil || string(got) != string(a.Arguments) {
		t.Errorf("without values: %s, %v", got, err)
	}
}

// Other languages compute commitments too: docs/privacy.md has this one.
func TestCommitmentIsFrozen(t *testing.T) {
	t.Parallel()
	const want = "sha256:4cd9e0c57390ddd4216a59eae255872e2c088aa08b7569ff18d067c6d8c862fb"
	value := events.PrivateValue{Pointer: "/arguments/iban", Salt: strings.Repeat("5a", 32), Value: json.RawMessage(`"DE02 1203 0000 0000 2020 51"`)}
	if got, err := events.Commitment("billing", "pay-1", value); got != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
