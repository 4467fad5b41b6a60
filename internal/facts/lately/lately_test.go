package lately_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/pkg/events"
)

var start = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

// act is an action of agent billing, for ada unless it says otherwise.
type act struct {
	seq       uint64
	at        time.Duration
	agent     string
	principal string
	tool      string
	arguments string
}

func (a act) input() *input.Action {
	if a.agent == "" {
		a.agent = "billing"
	}
	if a.principal == "" {
		a.principal = "ada"
	}
	if a.tool == "" {
		a.tool = "search"
	}
	in := input.New(&events.ActionProposed{Tool: a.tool, Principal: a.principal, Arguments: json.RawMessage(a.arguments)}, a.agent, after(a.at), nil)
	in.Sequence = a.seq
	return in
}

func (a act) tell(s *lately.State) {
	in := a.input()
	s.Act(lately.Action{Sequence: a.seq, At: in.Now, Agent: in.Agent, Principal: in.Principal, Seen: lately.SeenIn(in)})
}

func (a act) facts(t testing.TB, s *lately.State) lately.Facts {
	t.Helper()
	f, err := lately.Of(a.input(), s)
	if err != nil {
		t.Fatal(err)
	}
	return *f
}

func known(acts ...act) *lately.State {
	s := lately.New(lately.Limits{})
	s.Complete(time.Time{})
	for _, a := range acts {
		a.tell(s)
	}
	return s
}

func assess(s *lately.State, a act, level events.Level, denied bool) {
	in := a.input()
	s.Assess(lately.Assessment{Sequence: a.seq, At: in.Now, Agent: in.Agent, Principal: in.Principal, Level: level, Denied: denied})
}

func TestCounts(t *testing.T) {
	t.Parallel()
	s := known(
		act{seq: 1, at: 0}, act{seq: 2, at: 23 * time.Hour}, act{seq: 3, at: 23*time.Hour + 30*time.Minute, tool: "send_mail"},
		act{seq: 4, at: 24 * time.Hour, agent: "other"}, act{seq: 5, at: 24 * time.Hour, tool: "Send_Mail"},
	)
	f := act{seq: 9, at: 24 * time.Hour, tool: "send_mail"}.facts(t, s)
	if f.Actions10m != 1 || f.Actions1h != 3 || f.Actions24h != 4 {
		t.Errorf("actions %d %d %d", f.Actions10m, f.Actions1h, f.Actions24h)
	}
	if f.Tool10m != 1 || f.Tool1h != 2 || f.Tool24h != 2 {
		t.Errorf("tool %d %d %d", f.Tool10m, f.Tool1h, f.Tool24h)
	}
	if f.PrincipalActions10m != 2 || f.PrincipalActions1h != 4 || f.PrincipalActions24h != 5 {
		t.Errorf("principal %d %d %d", f.PrincipalActions10m, f.PrincipalActions1h, f.PrincipalActions24h)
	}
	if f.FirstTool || f.FirstAction || !f.Known || f.Forgotten {
		t.Errorf("%+v", f)
	}
	if f := (act{seq: 9, at: 72 * time.Hour}).facts(t, s); f.Actions24h != 0 || f.PrincipalActions24h != 0 || f.FirstTool {
		t.Errorf("two days later: %+v", f)
	}
}

func TestLevelsAndDecisions(t *testing.T) {
	t.Parallel()
	low, high, denied := act{seq: 1, at: 0}, act{seq: 2, at: time.Minute}, act{seq: 3, at: 2 * time.Minute}
	s := known(low, high, denied)
	for range 3 { // whatever is told again counts once
		assess(s, low, events.Low, false)
		assess(s, high, events.High, false)
		assess(s, denied, events.High, true)
		s.Decide(lately.Decision{Ledger: 1, At: after(0), Sequence: 1, Agent: "billing", Outcome: events.Approved})
		s.Decide(lately.Decision{Ledger: 2, At: after(3 * time.Minute), Sequence: 3, Agent: "billing", Outcome: events.Denied})
		s.Decide(lately.Decision{Ledger: 3, At: after(30 * time.Minute), Sequence: 2, Agent: "billing", Outcome: events.Rejected})
		low.tell(s)
	}
	f := act{seq: 9, at: 30 * time.Minute}.facts(t, s)
	if f.Low1h != 1 || f.High1h != 2 || f.Medium24h != 0 || f.Denials1h != 1 || f.Denials10m != 0 || f.Rejections10m != 1 || f.Approvals1h != 1 || f.Actions24h != 3 {
		t.Errorf("%+v", f)
	}
	if f.PrincipalHigh1h != 2 || f.PrincipalDenials24h != 1 || f.PrincipalRejections24h != 1 {
		t.Errorf("principal: %+v", f)
	}
	// A denial whose assessment comes later, or never, counts once too.
	s = known()
	s.Decide(lately.Decision{Ledger: 1, At: after(0), Sequence: 3, Agent: "billing", Outcome: events.Denied})
	assess(s, denied, events.High, true)
	if f := (act{seq: 9, at: time.Hour}).facts(t, s); f.Denials24h != 1 {
		t.Errorf("denials: %+v", f)
	}
}

func pay(seq uint64, at time.Duration, to string, amount float64) act {
	return act{seq: seq, at: at, tool: "pay", arguments: fmt.Sprintf(`{"recipient":%q,"amount":%g}`, to, amount)}
}

// One large payment cut into small ones is seen.
func TestSplitPayments(t *testing.T) {
	t.Parallel()
	s := known()
	for i := range 9 {
		pay(uint64(i+1), time.Duration(i)*time.Minute, "Mallory", 900).tell(s)
	}
	pay(10, 10*time.Minute, "bob", 50).tell(s)
	f := pay(11, 11*time.Minute, " mallory ", 900).facts(t, s)
	if f.Amount1h != 9050 || f.Amount24h != 9050 || f.Payments24h != 11 || f.RecipientPayments1h != 10 || f.RecipientPayments24 != 10 || f.RecipientAmount24h != 9000 || f.FirstRecipient {
		t.Errorf("%+v", f)
	}
	if f.PrincipalAmount24h != 9050 {
		t.Errorf("principal: %+v", f)
	}
	if f := pay(11, 20*time.Hour, "carol", 1).facts(t, s); !f.FirstRecipient || !reflect.DeepEqual(f.NewRecipients, []string{"carol"}) || f.RecipientPayments24 != 1 || f.Amount1h != 1 || f.Amount24h != 8151 {
		t.Errorf("carol: %+v", f)
	}
	twice := act{seq: 12, at: 21 * time.Hour, tool: "pay", arguments: `{"recipient":"dora","to":"Dora","amount":5}`}
	twice.tell(s)
	if f := pay(13, 22*time.Hour, "dora", 5).facts(t, s); f.RecipientPayments24 != 2 || f.RecipientAmount24h != 10 {
		t.Errorf("one recipient under two keys: %+v", f)
	}
	if f := (act{seq: 11, at: 11 * time.Minute}).facts(t, s); f.RecipientPayments24 != 0 || f.Payments1h != 10 || f.Amount1h != 8150 {
		t.Errorf("no payment: %+v", f)
	}
}

func TestAmountsThatAreNone(t *testing.T) {
	t.Parallel()
	s := known()
	for i, args := range []string{`{"amount":-5}`, `{"amount":1e308}`, `{"amount":"x"}`, `{"amount":[1e308,1e308]}`, `{`, `[]`} {
		act{seq: uint64(i + 1), tool: "pay", arguments: args}.tell(s)
	}
	f := act{seq: 9}.facts(t, s)
	if f.Amount24h < 2e15 || f.Amount24h > 3e15 {
		t.Errorf("amount %g", f.Amount24h)
	}
}

// An action that is delivered again sees what was before it: not itself, and nothing later.
func TestRedeliverySeesWhatWasBefore(t *testing.T) {
	t.Parallel()
	s := known(act{seq: 1, at: time.Hour}, pay(2, time.Hour, "eve", 10))
	again := pay(3, time.Hour+time.Minute, "mallory", 100)
	want := again.facts(t, s)
	if !want.FirstRecipient || want.FirstTool || want.Actions10m != 2 || want.Amount1h != 110 {
		t.Errorf("%+v", want)
	}
	again.tell(s)
	again.tell(s)
	assess(s, again, events.High, true)
	if got := again.facts(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("after itself: %+v, want %+v", got, want)
	}
	for i := range uint64(60) {
		later := pay(4+i, time.Hour+time.Minute+time.Duration(i)*time.Second, "mallory", 7)
		if i >= 14 {
			later = act{seq: 4 + i, at: time.Hour + time.Minute + time.Duration(i)*time.Second}
		}
		later.tell(s)
		assess(s, later, events.Medium, false)
	}
	s.Decide(lately.Decision{Ledger: 1, At: after(time.Hour + time.Minute), Sequence: 4, Agent: "billing", Outcome: events.Rejected})
	if got := again.facts(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("after later ones: %+v, want %+v", got, want)
	}
}

// The order in which things are told does not matter.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	var acts []act
	for i := range uint64(40) {
		acts = append(acts, pay(i+1, time.Duration(i)*7*time.Minute, fmt.Sprint("r", i%5), float64(i)))
	}
	ask := pay(41, 5*time.Hour, "r1", 3)
	want := ask.facts(t, known(acts...))
	for range 20 {
		rand.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
		if got := ask.facts(t, known(append(acts, acts[:20]...)...)); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, want %+v", got, want)
		}
	}
}

func TestUnknownHistory(t *testing.T) {
	t.Parallel()
	ask := pay(9, 48*time.Hour, "mallory", 5)
	never := lately.New(lately.Limits{})
	short := lately.New(lately.Limits{})
	short.Complete(after(30 * time.Hour))
	lost := known()
	lost.Incomplete()
	behind := known(act{seq: 100, at: 51 * time.Hour})
	for name, s := range map[string]*lately.State{"none": nil, "never complete": never, "too short": short, "lost": lost, "far behind": behind} {
		if f := ask.facts(t, s); f.Known || f.FirstTool || f.FirstRecipient || f.FirstAction || f.NewRecipients != nil || f.Amount24h != 5 {
			t.Errorf("%s: %+v", name, f)
		}
	}
	long := lately.New(lately.Limits{})
	long.Complete(after(24 * time.Hour))
	if f := ask.facts(t, long); !f.Known || !f.FirstTool || !f.FirstRecipient || !f.FirstAction {
		t.Errorf("%+v", f)
	}
}

func TestForgetting(t *testing.T) {
	t.Parallel()
	s := lately.New(lately.Limits{Agents: 2, Principals: 2, Tools: 2, Recipients: 2})
	s.Complete(time.Time{})
	pay(1, 0, "a", 1).tell(s)
	pay(2, 0, "b", 1).tell(s)
	if f := pay(9, time.Hour, "a", 1).facts(t, s); f.FirstRecipient || f.Forgotten {
		t.Errorf("%+v", f)
	}
	pay(3, 0, "c", 1).tell(s)
	if f := pay(9, time.Hour, "a", 1).facts(t, s); !f.FirstRecipient || f.Forgotten || f.Amount24h != 4 {
		t.Errorf("a forgotten recipient is new: %+v", f)
	}
	for i := range uint64(3) {
		act{seq: 4 + i, at: time.Minute, agent: fmt.Sprint("x", i)}.tell(s)
	}
	if f := pay(9, time.Hour, "a", 1).facts(t, s); !f.Forgotten || !f.FirstAction {
		t.Errorf("a forgotten agent: %+v", f)
	}
	if f := pay(9, 25*time.Hour, "a", 1).facts(t, s); f.Forgotten {
		t.Errorf("a day later: %+v", f)
	}
	act{seq: 10, at: 2 * time.Minute}.tell(s) // made anew, after it was forgotten
	if f := (act{seq: 11, at: time.Hour}).facts(t, s); !f.Forgotten || f.Actions24h != 1 {
		t.Errorf("made anew: %+v", f)
	}
}

func TestBurst(t *testing.T) {
	t.Parallel()
	s := known()
	seq := uint64(0)
	for m := range 20 * 60 { // one per minute for twenty hours
		seq++
		act{seq: seq, at: time.Duration(m) * time.Minute}.tell(s)
	}
	if f := (act{seq: 9999, at: 20 * time.Hour}).facts(t, s); f.Burst < 0.9 || f.Burst > 1.3 {
		t.Errorf("as usual: %g", f.Burst)
	}
	for range 100 {
		seq++
		act{seq: seq, at: 20 * time.Hour}.tell(s)
	}
	if f := (act{seq: 9999, at: 20 * time.Hour}).facts(t, s); f.Burst < 9 {
		t.Errorf("a burst: %g", f.Burst)
	}
	if f := (act{seq: 9999, at: 0, agent: "fresh"}).facts(t, s); f.Burst != 1 {
		t.Errorf("fresh: %g", f.Burst)
	}
}

func TestConcurrently(t *testing.T) {
	t.Parallel()
	s := known()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range uint64(500) {
				a := pay(i+1, time.Duration(i)*time.Second, fmt.Sprint("r", i%7), 1)
				if _, err := lately.Of(a.input(), s); err != nil {
					t.Error(err)
				}
				a.tell(s)
				assess(s, a, events.Low, false)
			}
		})
	}
	all.Wait()
	if f := (act{seq: 501, at: 500 * time.Second}).facts(t, s); f.Actions24h != 500 || f.Low24h != 500 || f.Amount24h != 500 {
		t.Errorf("%+v", f)
	}
}

// One agent that names new tools, recipients and principals all the time does not take more than its share.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var before, end runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := known()
	for i := range uint64(3_000) {
		a := pay(i*1000+1, time.Duration(i)*time.Second, fmt.Sprint("r", i), 1)
		a.tool, a.principal = fmt.Sprint("t", i), fmt.Sprint("p", i)
		a.tell(s)
		assess(s, a, events.High, false)
	}
	runtime.GC()
	runtime.ReadMemStats(&end)
	if used := int64(end.HeapAlloc) - int64(before.HeapAlloc); used > 64<<20 {
		t.Errorf("%d MiB", used>>20)
	}
	runtime.KeepAlive(s)
}

func FuzzState(f *testing.F) {
	f.Add(uint64(1), int64(0), "a", "p", `{"to":"x","amount":5}`)
	f.Add(uint64(1<<63), int64(-1<<62), "", "", `{"amount":1e400}`)
	f.Fuzz(func(t *testing.T, seq uint64, at int64, agent, principal, arguments string) {
		s := known(act{seq: 5})
		in := input.New(&events.ActionProposed{Tool: agent, Principal: principal, Arguments: json.RawMessage(arguments)}, agent, time.Unix(at, 0), nil)
		in.Sequence = seq
		if _, err := lately.Of(in, s); err != nil {
			t.Fatal(err)
		}
		s.Act(lately.Action{Sequence: seq, At: in.Now, Agent: agent, Principal: principal, Seen: lately.SeenIn(in)})
		s.Assess(lately.Assessment{Sequence: seq, At: in.Now, Agent: agent, Principal: principal, Level: events.Level(agent)})
		s.Decide(lately.Decision{Ledger: seq, At: in.Now, Sequence: seq, Agent: agent, Outcome: events.Outcome(principal)})
		if _, err := lately.Of(in, s); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkFacts(b *testing.B) {
	s := known()
	for i := range uint64(5000) {
		pay(i+1, time.Duration(i)*10*time.Second, fmt.Sprint("r", i%50), 1).tell(s)
	}
	in := pay(5001, 5001*10*time.Second, "r1", 1).input()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lately.Of(in, s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAct(b *testing.B) {
	s := known()
	seen := lately.Seen{Tool: "pay", Recipients: []string{"r"}, Amounts: []float64{1}}
	b.ReportAllocs()
	for i := uint64(1); b.Loop(); i++ {
		s.Act(lately.Action{Sequence: i, At: start, Agent: "billing", Principal: "ada", Seen: seen})
	}
}

func TestEveryFieldIsAFact(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for f := range reflect.TypeFor[lately.Facts]().Fields() {
		name := f.Tag.Get("fact")
		if name == "" || f.Tag.Get("doc") == "" || seen[name] {
			t.Errorf("%s: %q is not a fact of its own with its meaning", f.Name, f.Tag)
		}
		seen[name] = true
	}
}

// What is too old to tell was not told: whoever asks reads it once more.
func TestTold(t *testing.T) {
	t.Parallel()
	const remembered = 1 << 20
	s := lately.New(lately.Limits{})
	for _, n := range []uint64{5, 7, remembered + 4} {
		s.Told(n)
	}
	for n, want := range map[uint64]bool{4: false, 5: true, 6: false, 7: true, 8: false, remembered + 4: true, remembered + 5: false, 0: false} {
		if got := s.WasTold(n); got != want {
			t.Errorf("%d: %t", n, got)
		}
	}
	s.Told(remembered + 5)
	if s.WasTold(5) {
		t.Error("what is forgotten counts as told")
	}
}
