package backtest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// maxListed is how many actions of one kind a report names one by one; all are counted.
const maxListed = 200

// Report is what would have been different. Reports of one period after the other add up.
type Report struct {
	From    time.Time `json:"from"` // of the first and the last action
	To      time.Time `json:"to"`
	Actions int       `json:"actions"`
	// Fixed is how many of them were denied for their form or cannot be read, which no policy changes.
	Fixed int `json:"fixed"`
	// Recorded and Predicted count the actions by fate.
	Recorded  map[Fate]int `json:"recorded"`
	Predicted map[Fate]int `json:"predicted"`
	// Moves counts the actions whose fate changes: recorded fate, then the predicted one.
	Moves map[Fate]map[Fate]int `json:"moves"`
	// Scores is how many more change in their score or level alone.
	Scores int               `json:"scores"`
	Groups map[string]*Load  `json:"groups"`
	Tools  map[string]*Shift `json:"tools"` // those of which something changes
	// Passing are actions that people rejected and that would pass unasked; Refusing those that people approved and that would be denied.
	Passing  Listed `json:"passing"`
	Refusing Listed `json:"refusing"`
	// Raised and Relaxed are the actions that get a stricter and a laxer fate.
	Raised  Listed `json:"raised"`
	Relaxed Listed `json:"relaxed"`
}

// Load is what a group is asked.
type Load struct {
	Recorded  int `json:"recorded"`  // actions
	Predicted int `json:"predicted"` // actions
	// Cards is how many cards the recorded actions were on. An action that shares its card with others counts as its share of it.
	Cards float64 `json:"cards"`
	// RecordedBy and PredictedBy count actions by the hour of the day, UTC.
	RecordedBy  [24]int `json:"recordedByHour"`
	PredictedBy [24]int `json:"predictedByHour"`
}

// Shift is how much more or less people are asked about a tool.
type Shift struct {
	More int `json:"more"` // actions with a stricter fate
	Less int `json:"less"` // actions with a laxer fate
	// Rules counts the rules that fire for these actions now and did not then, or the other way round, with a minus before them.
	Rules map[string]int `json:"rules"`
}

// Listed are actions, counted and up to a limit named.
type Listed struct {
	Count   int      `json:"count"`
	Changes []Change `json:"changes"`
}

// Change is one action whose fate changes.
type Change struct {
	Agent     string         `json:"agent"`
	Action    string         `json:"action"`
	At        time.Time      `json:"at"`
	Tool      string         `json:"tool,omitempty"`
	Recorded  Fate           `json:"recorded"`
	Predicted Fate           `json:"predicted"`
	From      int            `json:"fromScore"`
	To        int            `json:"toScore"`
	Outcome   events.Outcome `json:"outcome,omitempty"` // that it had
	Group     string         `json:"group,omitempty"`
	Rules     []string       `json:"rules,omitempty"` // that count now and did not then; with a minus those that no longer do
}

// NewReport is a report of nothing.
func NewReport() *Report {
	return &Report{Recorded: map[Fate]int{}, Predicted: map[Fate]int{}, Moves: map[Fate]map[Fate]int{}, Groups: map[string]*Load{}, Tools: map[string]*Shift{}}
}

// strict says which fate costs people and agents more.
func strict(f Fate) int { return slices.Index(Fates(), f) }

func (r *Report) add(rec *Record, v *verdict) {
	if r.Actions == 0 || rec.At.Before(r.From) {
		r.From = rec.At
	}
	if rec.At.After(r.To) {
		r.To = rec.At
	}
	r.Actions++
	then := rec.Fate()
	r.Recorded[then]++
	r.Predicted[v.fate]++
	if rec.fixed() {
		r.Fixed++
	}
	hour := rec.At.UTC().Hour()
	if then == Asked {
		g := r.group(cmp.Or(rec.Group, v.group))
		g.Recorded++
		g.RecordedBy[hour]++
		if rec.CardItems > 0 {
			g.Cards += 1 / float64(rec.CardItems)
		}
	}
	if v.fate == Asked {
		g := r.group(cmp.Or(v.group, rec.Group))
		g.Predicted++
		g.PredictedBy[hour]++
	}
	if then == v.fate {
		if rec.Score != v.score || rec.Level != v.level {
			r.Scores++
		}
		return
	}
	r.moved(rec, v, then)
}

func (r *Report) group(name string) *Load {
	if r.Groups[name] == nil {
		r.Groups[name] = &Load{}
	}
	return r.Groups[name]
}

func (r *Report) moved(rec *Record, v *verdict, then Fate) {
	if r.Moves[then] == nil {
		r.Moves[then] = map[Fate]int{}
	}
	r.Moves[then][v.fate]++
	c := Change{
		Agent: rec.Agent, Action: rec.Action, At: rec.At, Recorded: then, Predicted: v.fate, From: rec.Score, To: v.score, Outcome: rec.Outcome,
		Group: cmp.Or(rec.Group, v.group), Rules: differing(rec.Rules, v.rules),
	}
	if rec.Proposed != nil {
		c.Tool = rec.Proposed.Tool
	}
	s := r.Tools[c.Tool]
	if s == nil {
		s = &Shift{Rules: map[string]int{}}
		r.Tools[c.Tool] = s
	}
	for _, id := range c.Rules {
		s.Rules[id]++
	}
	if strict(v.fate) > strict(then) {
		s.More++
		r.Raised.add(c)
	} else {
		s.Less++
		r.Relaxed.add(c)
	}
	people := rec.DecidedBy == events.ByApprovers
	if people && rec.Outcome == events.Rejected && (v.fate == Passed || v.fate == Reviewed) {
		r.Passing.add(c)
	}
	if people && rec.Outcome == events.Approved && v.fate == Denied {
		r.Refusing.add(c)
	}
}

func (l *Listed) add(c Change) {
	l.Count++
	if len(l.Changes) < maxListed {
		l.Changes = append(l.Changes, c)
	}
}

// differing lists what now counts and did not then, and with a minus what no longer does.
func differing(then, now []string) (out []string) {
	for _, id := range now {
		if !slices.Contains(then, id) {
			out = append(out, id)
		}
	}
	for _, id := range then {
		if !slices.Contains(now, id) {
			out = append(out, "-"+id)
		}
	}
	return out
}

// Join adds a report of a later period.
func (r *Report) Join(o *Report) {
	if o.Actions == 0 {
		return
	}
	if r.Actions == 0 || o.From.Before(r.From) {
		r.From = o.From
	}
	if o.To.After(r.To) {
		r.To = o.To
	}
	r.Actions += o.Actions
	r.Fixed += o.Fixed
	r.Scores += o.Scores
	sum(r.Recorded, o.Recorded)
	sum(r.Predicted, o.Predicted)
	for from, to := range o.Moves {
		if r.Moves[from] == nil {
			r.Moves[from] = map[Fate]int{}
		}
		sum(r.Moves[from], to)
	}
	for name, l := range o.Groups {
		r.group(name).join(l)
	}
	for name, s := range o.Tools {
		if r.Tools[name] == nil {
			r.Tools[name] = &Shift{Rules: map[string]int{}}
		}
		t := r.Tools[name]
		t.More += s.More
		t.Less += s.Less
		sum(t.Rules, s.Rules)
	}
	for _, l := range [][2]*Listed{{&r.Passing, &o.Passing}, {&r.Refusing, &o.Refusing}, {&r.Raised, &o.Raised}, {&r.Relaxed, &o.Relaxed}} {
		l[0].Count += l[1].Count
		room := max(maxListed-len(l[0].Changes), 0)
		l[0].Changes = append(l[0].Changes, l[1].Changes[:min(room, len(l[1].Changes))]...)
	}
}

func sum[K comparable](to, from map[K]int) {
	for k, n := range from {
		to[k] += n
	}
}

func (l *Load) join(o *Load) {
	l.Recorded += o.Recorded
	l.Predicted += o.Predicted
	l.Cards += o.Cards
	for i := range l.RecordedBy {
		l.RecordedBy[i] += o.RecordedBy[i]
		l.PredictedBy[i] += o.PredictedBy[i]
	}
}

// PredictedCards is how many cards the predicted actions would be on, if as many of them share one as did of the recorded ones; each
// has one of its own where nothing is known.
func (l *Load) PredictedCards() float64 {
	if l.Recorded == 0 || l.Cards == 0 {
		return float64(l.Predicted)
	}
	return float64(l.Predicted) * l.Cards / float64(l.Recorded)
}

// GroupNames are the groups, those that are asked most first.
func (r *Report) GroupNames() []string {
	return slices.SortedFunc(maps.Keys(r.Groups), func(a, b string) int {
		x, y := r.Groups[a], r.Groups[b]
		return cmp.Or(cmp.Compare(max(y.Recorded, y.Predicted), max(x.Recorded, x.Predicted)), cmp.Compare(a, b))
	})
}

// ToolNames are the tools of which something changes, those with most first.
func (r *Report) ToolNames() []string {
	return slices.SortedFunc(maps.Keys(r.Tools), func(a, b string) int {
		x, y := r.Tools[a], r.Tools[b]
		return cmp.Or(cmp.Compare(y.More+y.Less, x.More+x.Less), cmp.Compare(a, b))
	})
}
