package backtest

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	// stride is how many actions are read into memory at a time, and at most weighed together.
	stride = 64
	// inFlight is how near to each other actions are weighed together. None of them sees how the others were weighed, as with a scorer that has them
	// all in flight; what was proposed before it, each sees.
	inFlight = 100 * time.Millisecond
)

// Asks says whether people are asked about an action that is assessed like that, and which group.
type Asks func(a *events.ActionAssessed, proposed *events.ActionProposed, at time.Time) (group string, asked bool)

// pass weighs records in the order in which they were stored.
type pass struct {
	policy  *policy.Policy
	asks    Asks
	workers int
	state   *lately.State
	pending []lately.Decision // not counted yet, in the order of the ledger
}

func newPass(p *policy.Policy, asks Asks, workers int) *pass {
	return &pass{policy: p, asks: asks, workers: max(workers, 1)}
}

// begin forgets what was before, because another history begins.
func (p *pass) begin(from time.Time) {
	p.state, p.pending = lately.New(lately.Limits{}), nil
	p.state.Complete(from)
}

// remember counts records as they were recorded, so that what follows them knows of them.
func (p *pass) remember(records []Record) {
	for i := range records {
		r := &records[i]
		p.decide(r.At)
		in := r.input()
		p.state.Act(actOf(in))
		p.after(r, in, r.Level, r.Denied)
	}
}

// weigh weighs the records and adds what comes out to the report.
func (p *pass) weigh(records []Record, into *Report) {
	for some := range slices.Chunk(records, stride) {
		ins := make([]*input.Action, len(some))
		p.each(len(some), func(i int) {
			ins[i] = some[i].input()
			_, _ = ins[i].Parsed() // remembered; the rules say what an error means
		})
		for from := 0; from < len(some); {
			to := from + 1
			for to < len(some) && some[to].At.Sub(some[from].At) < inFlight {
				to++
			}
			p.together(some[from:to], ins[from:to], into)
			from = to
		}
	}
}

// together weighs what was in flight at the same time.
func (p *pass) together(some []Record, ins []*input.Action, into *Report) {
	p.decide(some[0].At)
	for _, in := range ins {
		p.state.Act(actOf(in))
	}
	verdicts := make([]verdict, len(some))
	p.each(len(some), func(i int) { verdicts[i] = p.verdict(&some[i], ins[i]) })
	for i := range some {
		p.after(&some[i], ins[i], verdicts[i].level, verdicts[i].fate == Denied)
		into.add(&some[i], &verdicts[i])
	}
}

// verdict is what the policy under test makes of a record.
type verdict struct {
	fate  Fate
	level events.Level
	score int
	group string
	rules []string // that counted, the heaviest first
}

func (p *pass) verdict(r *Record, in *input.Action) verdict {
	if r.fixed() {
		v := verdict{fate: r.Fate(), level: r.Level, score: r.Score, group: r.Group, rules: r.Rules}
		if v.level == "" {
			v.level = events.High
		}
		return v
	}
	a := p.policy.AssessAfter(p.state, in)
	v := verdict{level: a.Level, score: a.Score}
	for _, rule := range a.Rules {
		if !rule.Shadow {
			v.rules = append(v.rules, rule.ID)
		}
	}
	assessed := &events.ActionAssessed{
		ActionRef: events.ActionRef{Agent: r.Agent, Action: r.Action, Sequence: r.Sequence}, Level: a.Level, Score: a.Score, Denied: a.Denied,
		Reason: a.Reason, Rules: a.Rules, Breakpoint: in.Breakpoint, Tool: in.Tool, Target: in.Target, Session: in.Session,
		Principal: in.Principal, Deadline: in.Deadline, ProposedAt: r.At,
	}
	group, asked := "", false
	if !a.Denied && a.Level != events.Low {
		group, asked = p.asks(assessed, r.Proposed, r.At)
	}
	switch {
	case a.Denied:
		v.fate = Denied
	case asked && (r.DecidedBy == events.ByGrant || r.DecidedBy == events.ByPlan):
		v.fate = Covered
	case asked:
		v.fate, v.group = Asked, group
		if r.Group != "" { // as it happened, also where the routes have changed since
			v.group = r.Group
		}
	case a.Level == events.Low:
		v.fate = Passed
	default:
		v.fate = Reviewed
	}
	return v
}

// after counts how a record was weighed, and keeps its decision for the time it was made.
func (p *pass) after(r *Record, in *input.Action, level events.Level, denied bool) {
	if level != "" {
		p.state.Assess(lately.Assessment{Sequence: r.Sequence, At: r.At, Agent: r.Agent, Principal: in.Principal, Level: level, Denied: denied})
	}
	if r.Outcome == "" {
		return
	}
	d := lately.Decision{Ledger: r.Ledger, At: r.DecidedAt, Sequence: r.Sequence, Agent: r.Agent, Outcome: r.Outcome}
	at, _ := slices.BinarySearchFunc(p.pending, d, func(a, b lately.Decision) int { return a.At.Compare(b.At) })
	p.pending = slices.Insert(p.pending, at, d)
}

// decide counts the decisions that were made by then.
func (p *pass) decide(now time.Time) {
	n := 0
	for n < len(p.pending) && !p.pending[n].At.After(now) {
		p.state.Decide(p.pending[n])
		n++
	}
	p.pending = slices.Delete(p.pending, 0, n)
}

// each calls f for 0 to n-1 on all workers.
func (p *pass) each(n int, f func(int)) {
	if n == 1 {
		f(0)
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(p.workers, n) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wait.Wait()
}

func (r *Record) input() *input.Action {
	proposed := r.Proposed
	if proposed == nil {
		proposed = &events.ActionProposed{}
	}
	in := input.New(proposed, r.Agent, r.At, nil)
	in.Sequence = r.Sequence
	return in
}

func actOf(in *input.Action) lately.Action {
	return lately.Action{Sequence: in.Sequence, At: in.Now, Agent: in.Agent, Principal: policy.Shorten(in.Principal, maxPrincipal), Seen: lately.SeenIn(in)}
}

// maxPrincipal is how much of a principal's name the scorer keeps.
const maxPrincipal = 256
