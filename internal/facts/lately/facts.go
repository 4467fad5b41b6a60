package lately

import (
	"math"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// Facts is what the agent and the principal of an action have been doing before it. Windows end when the
// action was stored and are rounded up to whole steps of a minute (10m and 1h) and of a quarter of an hour (24h), of tools and recipients five
// minutes and an hour. Beyond the room there is, agents, principals, tools and recipients used least lately are
// forgotten: a forgotten tool or recipient is new again, and forgotten agents and principals make Forgotten true.
type Facts struct {
	Known     bool `doc:"everything of the last 24 hours is counted; where false, the counts may be too low and no use is called the first" fact:"known"`
	Forgotten bool `doc:"there are so many agents or principals that this one's last 24 hours may have been forgotten: the counts may be too low" fact:"forgotten"`

	Actions10m int `doc:"actions of the agent in the 10 minutes before this one" fact:"actions_10m"`
	Actions1h  int `doc:"actions of the agent in the hour before this one" fact:"actions_1h"`
	Actions24h int `doc:"actions of the agent in the 24 hours before this one" fact:"actions_24h"`
	Tool10m    int `doc:"uses of this tool by the agent in the 10 minutes before" fact:"tool_10m"`
	Tool1h     int `doc:"uses of this tool by the agent in the hour before" fact:"tool_1h"`
	Tool24h    int `doc:"uses of this tool by the agent in the 24 hours before" fact:"tool_24h"`

	Low10m    int `doc:"actions of the agent that were assessed low, in the 10 minutes before" fact:"low_10m"`
	Low1h     int `doc:"actions of the agent that were assessed low, in the hour before" fact:"low_1h"`
	Low24h    int `doc:"actions of the agent that were assessed low, in the 24 hours before" fact:"low_24h"`
	Medium10m int `doc:"actions of the agent that were assessed medium, in the 10 minutes before" fact:"medium_10m"`
	Medium1h  int `doc:"actions of the agent that were assessed medium, in the hour before" fact:"medium_1h"`
	Medium24h int `doc:"actions of the agent that were assessed medium, in the 24 hours before" fact:"medium_24h"`
	High10m   int `doc:"actions of the agent that were assessed high, in the 10 minutes before" fact:"high_10m"`
	High1h    int `doc:"actions of the agent that were assessed high, in the hour before" fact:"high_1h"`
	High24h   int `doc:"actions of the agent that were assessed high, in the 24 hours before" fact:"high_24h"`

	Denials10m    int `doc:"actions of the agent that policy denied, in the 10 minutes before" fact:"denials_10m"`
	Denials1h     int `doc:"actions of the agent that policy denied, in the hour before" fact:"denials_1h"`
	Denials24h    int `doc:"actions of the agent that policy denied, in the 24 hours before" fact:"denials_24h"`
	Rejections10m int `doc:"actions of the agent that people rejected, in the 10 minutes before" fact:"rejections_10m"`
	Rejections1h  int `doc:"actions of the agent that people rejected, in the hour before" fact:"rejections_1h"`
	Rejections24h int `doc:"actions of the agent that people rejected, in the 24 hours before" fact:"rejections_24h"`
	Approvals10m  int `doc:"actions of the agent that were approved, by policy or people, in the 10 minutes before" fact:"approvals_10m"`
	Approvals1h   int `doc:"actions of the agent that were approved, by policy or people, in the hour before" fact:"approvals_1h"`
	Approvals24h  int `doc:"actions of the agent that were approved, by policy or people, in the 24 hours before" fact:"approvals_24h"`

	Amount1h            float64 `doc:"sum of the amounts of money of the agent's actions in the last hour, this one included, whatever the currency and what was decided" fact:"amount_1h"`
	Amount24h           float64 `doc:"sum of the amounts of money of the agent's actions in the last 24 hours, this one included, whatever the currency and what was decided" fact:"amount_24h"`
	Payments1h          int     `doc:"actions of the agent with an amount of money in the last hour, this one included if it has one" fact:"payments_1h"`
	Payments24h         int     `doc:"actions of the agent with an amount of money in the last 24 hours, this one included if it has one" fact:"payments_24h"`
	RecipientPayments1h int     `doc:"payments of the agent to the recipient of this payment in the last hour, this one included; of several recipients the one with the most; 0 where this is no payment" fact:"recipient_payments_1h"`
	RecipientPayments24 int     `doc:"payments of the agent to the recipient of this payment in the last 24 hours, this one included; of several recipients the one with the most; 0 where this is no payment" fact:"recipient_payments_24h"`
	RecipientAmount1h   float64 `doc:"sum of the amounts of the agent's payments to the recipient of this payment in the last hour, this one included; of several recipients the highest; 0 where this is no payment" fact:"recipient_amount_1h"`
	RecipientAmount24h  float64 `doc:"sum of the amounts of the agent's payments to the recipient of this payment in the last 24 hours, this one included; of several recipients the highest; 0 where this is no payment" fact:"recipient_amount_24h"`

	FirstAction    bool     `doc:"the agent did nothing before; only where known" fact:"first_action"`
	FirstTool      bool     `doc:"the agent never used this tool before, as far as is remembered; only where known, and false without a tool" fact:"first_tool"`
	FirstRecipient bool     `doc:"some recipient, account or host was never used before by the agent, as far as is remembered, or there are more than 64; only where known" fact:"first_recipient"`
	NewRecipients  []string `doc:"the recipients, accounts and hosts that make first_recipient true, at most 64" fact:"new_recipients"`
	Burst          float64  `doc:"how many times more actions in the last 10 minutes, this one included, than usual: than the agent's average per 10 minutes of its last 24 hours, and than 1" fact:"burst"`

	Flagged bool `doc:"reviewers flagged what the agent did with this tool, and the time that the flag lasts is not over" fact:"flagged"`

	PrincipalActions10m    int     `doc:"actions of all agents for this principal in the 10 minutes before; 0 where none is named" fact:"principal_actions_10m"`
	PrincipalActions1h     int     `doc:"actions of all agents for this principal in the hour before" fact:"principal_actions_1h"`
	PrincipalActions24h    int     `doc:"actions of all agents for this principal in the 24 hours before" fact:"principal_actions_24h"`
	PrincipalHigh1h        int     `doc:"actions for this principal that were assessed high, in the hour before" fact:"principal_high_1h"`
	PrincipalHigh24h       int     `doc:"actions for this principal that were assessed high, in the 24 hours before" fact:"principal_high_24h"`
	PrincipalDenials24h    int     `doc:"actions for this principal that policy denied, in the 24 hours before" fact:"principal_denials_24h"`
	PrincipalRejections24h int     `doc:"actions for this principal that people rejected, in the 24 hours before" fact:"principal_rejections_24h"`
	PrincipalAmount1h      float64 `doc:"sum of the amounts of money for this principal in the last hour, this one included" fact:"principal_amount_1h"`
	PrincipalAmount24h     float64 `doc:"sum of the amounts of money for this principal in the last 24 hours, this one included" fact:"principal_amount_24h"`
}

// nothing is the state of a scorer that remembers nothing; it is only read.
var nothing = New(Limits{Agents: 1, Principals: 1})

// Of derives the facts of an action as the state was before it: what was counted for the action itself, and
// for actions stored after it, is left out. Time is the action's, see [input.Action.Now]. A state that is nil knows nothing.
func Of(a *input.Action, s *State) (*Facts, error) {
	f := &Facts{}
	seen := SeenIn(a)
	if s == nil {
		s = nothing
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := question{s: s, before: a.Sequence, now: a.Now.Unix(), seen: seen}
	if q.before == 0 {
		q.before = math.MaxUint64 // it is not stored, so everything was before it
	}
	f.Known = s.complete && s.from <= q.now-day && s.newest-q.now <= slack
	g, _ := s.agents.get(s.key(a.Agent))
	f.ofAgent(&q, g)
	f.ofMoney(&q, g)
	f.ofFirsts(&q, g)
	f.ofPrincipal(&q, a.Principal)
	if flagged, ok := s.flags.get(s.key(a.Agent + "\x00" + a.Tool)); ok {
		f.Flagged = flagged.from <= q.now && q.now < flagged.until
	}
	return f, nil
}

// question is what is asked about one action.
type question struct {
	s      *State
	before uint64 // the action's sequence
	now    int64
	seen   Seen
}

// doubted says whether a history that was made then may have lacked something that was forgotten.
func (q *question) doubted(h *history) bool {
	if h == nil {
		return q.s.evicted > 0 && q.now < q.s.evicted+day
	}
	return h.doubted > day && q.now < h.doubted
}

func (f *Facts) ofAgent(q *question, g *agent) {
	if g == nil {
		f.Forgotten, f.Burst = q.doubted(nil), 1
		return
	}
	f.Forgotten = q.doubted(&g.history)
	m, h, d := g.window(q.before, q.now, tenMinutes), g.window(q.before, q.now, hour), g.window(q.before, q.now, day)
	f.Actions10m, f.Actions1h, f.Actions24h = int(m.actions), int(h.actions), int(d.actions)
	f.Low10m, f.Low1h, f.Low24h = int(m.low), int(h.low), int(d.low)
	f.Medium10m, f.Medium1h, f.Medium24h = int(m.medium), int(h.medium), int(d.medium)
	f.High10m, f.High1h, f.High24h = int(m.high), int(h.high), int(d.high)
	f.Denials10m, f.Denials1h, f.Denials24h = int(m.denied), int(h.denied), int(d.denied)
	f.Rejections10m, f.Rejections1h, f.Rejections24h = int(m.rejected), int(h.rejected), int(d.rejected)
	f.Approvals10m, f.Approvals1h, f.Approvals24h = int(m.approved), int(h.approved), int(d.approved)
	f.Burst = burst(int(m.actions), int(d.actions), q.now-g.made)
	if u, ok := g.tools.get(q.s.key(q.seen.Tool)); ok && q.seen.Tool != "" {
		f.Tool10m = int(u.window(q.before, q.now, tenMinutes).times)
		f.Tool1h = int(u.window(q.before, q.now, hour).times)
		f.Tool24h = int(u.window(q.before, q.now, day).times)
	}
}

// burst compares the last ten minutes, and the action itself, with the average before them, over at least an hour.
func burst(now, all int, age int64) float64 {
	parts := float64(max(min(age, day), hour)-tenMinutes) / tenMinutes
	return float64(now+1) / max(float64(max(all-now, 0))/parts, 1)
}

func (f *Facts) ofMoney(q *question, g *agent) {
	own, pays := q.seen.sum(), len(q.seen.Amounts) > 0
	f.Amount1h, f.Amount24h = own, own
	if pays {
		f.Payments1h, f.Payments24h = 1, 1
	}
	if g != nil {
		h, d := g.window(q.before, q.now, hour), g.window(q.before, q.now, day)
		f.Amount1h, f.Amount24h = f.Amount1h+h.amount, f.Amount24h+d.amount
		f.Payments1h, f.Payments24h = f.Payments1h+int(h.payments), f.Payments24h+int(d.payments)
	}
	if !pays {
		return
	}
	for _, r := range q.seen.Recipients[:min(len(q.seen.Recipients), maxRecipients)] {
		var h, d paid
		if g != nil {
			if u, ok := g.recipients.get(q.s.key(r)); ok {
				h, d = u.window(q.before, q.now, hour), u.window(q.before, q.now, day)
			}
		}
		f.RecipientPayments1h, f.RecipientPayments24 = max(f.RecipientPayments1h, int(h.times)+1), max(f.RecipientPayments24, int(d.times)+1)
		f.RecipientAmount1h, f.RecipientAmount24h = max(f.RecipientAmount1h, h.amount+own), max(f.RecipientAmount24h, d.amount+own)
	}
}

func (f *Facts) ofFirsts(q *question, g *agent) {
	if !f.Known {
		return
	}
	isNew := func(all *lru[*usage], name string) bool {
		u, ok := all.get(q.s.key(name))
		return !ok || u.first >= q.before
	}
	f.FirstAction = g == nil || g.first >= q.before
	f.FirstTool = q.seen.Tool != "" && (g == nil || isNew(g.tools, q.seen.Tool))
	f.FirstRecipient = len(q.seen.Recipients) > maxRecipients
	for _, r := range q.seen.Recipients[:min(len(q.seen.Recipients), maxRecipients)] {
		if g == nil || isNew(g.recipients, r) {
			f.FirstRecipient = true
			f.NewRecipients = append(f.NewRecipients, r)
		}
	}
}

func (f *Facts) ofPrincipal(q *question, name string) {
	if name == "" {
		return
	}
	f.PrincipalAmount1h, f.PrincipalAmount24h = q.seen.sum(), q.seen.sum()
	p, ok := q.s.principals.get(q.s.key(name))
	if !ok {
		f.Forgotten = f.Forgotten || q.doubted(nil)
		return
	}
	f.Forgotten = f.Forgotten || q.doubted(p)
	m, h, d := p.window(q.before, q.now, tenMinutes), p.window(q.before, q.now, hour), p.window(q.before, q.now, day)
	f.PrincipalActions10m, f.PrincipalActions1h, f.PrincipalActions24h = int(m.actions), int(h.actions), int(d.actions)
	f.PrincipalHigh1h, f.PrincipalHigh24h = int(h.high), int(d.high)
	f.PrincipalDenials24h, f.PrincipalRejections24h = int(d.denied), int(d.rejected)
	f.PrincipalAmount1h += h.amount
	f.PrincipalAmount24h += d.amount
}
