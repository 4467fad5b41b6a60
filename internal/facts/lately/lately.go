// Package lately remembers what agents and principals have been doing over the last 24
// hours, in bounded memory, and derives facts of it.
package lately

import (
	"hash/maphash"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// Limits bound the memory. What was used least lately is forgotten first; see [Facts] for what that does
// to the facts. A zero field means its default.
type Limits struct {
	Agents     int // default 1024, each of about 20 KiB
	Principals int // default 1024, each of about 20 KiB
	Tools      int // per agent; default 64, each of about 2 KiB
	Recipients int // per agent; default 256, each of about 2 KiB once it was paid
}

// maxWaiting is how many actions that wait for people are known with their principal.
const maxWaiting = 1 << 14

// maxFlags is how many agents with their tools are known to be flagged.
const maxFlags = 1 << 13

// flag is for how long reviewers of actions that went through want more caution.
type flag struct{ from, until int64 }

// maxRecipients is how many recipients of one action are looked at.
const maxRecipients = 64

// State is what happened lately. It is safe for concurrent use. Every method but [Of] counts a sequence
// once, whatever order and however often it is told.
type State struct {
	limits Limits
	seed   maphash.Seed

	mu         sync.Mutex
	agents     *lru[*agent]
	principals *lru[*history]
	waiting    *lru[*uint64] // action's sequence -> principal
	flags      *lru[*flag]   // by agent and tool
	evicted    int64         // when an agent or a principal was forgotten last
	newest     int64
	acted      sequences // of actions
	assessed   sequences // of assessed actions
	denied     sequences // of denied actions
	told       sequences // of events that need not be read
	decided    uint64    // highest sequence in the ledger
	complete   bool
	from       int64 // complete since when
}

// New makes an empty state, whose history is not known before [State.Complete] says so.
func New(l Limits) *State {
	for _, d := range []struct {
		v *int
		d int
	}{{&l.Agents, 1024}, {&l.Principals, 1024}, {&l.Tools, 64}, {&l.Recipients, 256}} {
		if *d.v <= 0 {
			*d.v = d.d
		}
	}
	return &State{
		limits: l, seed: maphash.MakeSeed(), agents: newLRU[*agent](l.Agents), principals: newLRU[*history](l.Principals),
		waiting: newLRU[*uint64](maxWaiting), flags: newLRU[*flag](maxFlags), acted: newSequences(), assessed: newSequences(), denied: newSequences(), told: newSequences(),
	}
}

// Complete says that everything since from is counted; the zero time means everything there ever was.
func (s *State) Complete(from time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complete, s.from = true, math.MinInt64
	if !from.IsZero() {
		s.from = from.Unix()
	}
}

// Incomplete says that something may be missing.
func (s *State) Incomplete() {
	s.mu.Lock()
	s.complete = false
	s.mu.Unlock()
}

// Acted says whether the action of that sequence was counted, or is too old to tell.
func (s *State) Acted(sequence uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acted.has(sequence)
}

// Assessed says whether the assessment of the action of that sequence was counted, or is too old to tell.
func (s *State) Assessed(sequence uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.assessed.has(sequence)
}

// Action is a proposed action as it is counted.
type Action struct {
	Sequence  uint64    // in the stream of actions
	At        time.Time // when it was stored
	Agent     string
	Principal string // "" for none
	Seen
}

// Act counts an action.
func (s *State) Act(a Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.acted.add(a.Sequence) {
		return
	}
	at, sum, pays := a.At.Unix(), a.sum(), len(a.Amounts) > 0
	c := counts{actions: 1, amount: sum}
	if pays {
		c.payments = 1
	}
	s.newest = max(s.newest, at)
	g := s.agent(a.Agent, at)
	g.first = min(g.first, a.Sequence)
	g.count(a.Sequence, at, c)
	if p := s.principal(a.Principal, at); p != nil {
		p.count(a.Sequence, at, c)
	}
	if a.Tool != "" {
		usageOf(g.tools, s.key(a.Tool), a.Sequence).count(a.Sequence, at, 0)
	}
	told := make(map[uint64]bool, len(a.Recipients))
	for _, r := range a.Recipients[:min(len(a.Recipients), maxRecipients)] {
		key := s.key(r)
		u := usageOf(g.recipients, key, a.Sequence)
		if pays && !told[key] {
			u.count(a.Sequence, at, sum)
		}
		told[key] = true
	}
}

func usageOf(all *lru[*usage], key, sequence uint64) *usage {
	u, _ := all.use(key, func() *usage { return &usage{first: sequence} })
	u.first = min(u.first, sequence)
	return u
}

// Assessment is the scorer's answer as it is counted.
type Assessment struct {
	Sequence  uint64    // of the action
	At        time.Time // when the action was stored
	Agent     string
	Principal string
	Level     events.Level
	Denied    bool
}

// Assess counts an assessment.
func (s *State) Assess(a Assessment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.assessed.add(a.Sequence) {
		return
	}
	c, at := ofLevel(a.Level), a.At.Unix()
	if a.Denied && s.denied.add(a.Sequence) {
		c.denied = 1
	}
	s.agent(a.Agent, at).count(a.Sequence, at, c)
	if p := s.principal(a.Principal, at); p != nil {
		p.count(a.Sequence, at, c)
		if c.high > 0 && c.denied == 0 {
			s.waiting.use(a.Sequence, func() *uint64 { key := s.key(a.Principal); return &key })
		}
	}
}

// Told notes that what the stream of events holds at that sequence is counted already: whoever stored it told so.
func (s *State) Told(sequence uint64) {
	s.mu.Lock()
	s.told.add(sequence)
	s.mu.Unlock()
}

// WasTold says whether what the stream of events holds at that sequence is known to be counted.
func (s *State) WasTold(sequence uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told.knows(sequence)
}

// Flag counts that reviewers flagged what an agent did with a tool, from one time until another. Times more than a day apart
// count as a day.
func (s *State) Flag(agent, tool string, from, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, _ := s.flags.use(s.key(agent+"\x00"+tool), func() *flag { return &flag{from: from.Unix(), until: math.MinInt64} })
	f.from = min(f.from, from.Unix())
	f.until = max(f.until, min(until.Unix(), from.Unix()+day))
}

// Decision is the final word on an action as it is counted.
type Decision struct {
	Ledger   uint64    // its own sequence
	At       time.Time // when it was stored
	Sequence uint64    // of the action
	Agent    string
	Outcome  events.Outcome
}

// Decide counts a decision. They must be told in the order of the ledger.
func (s *State) Decide(d Decision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.Ledger <= s.decided {
		return
	}
	s.decided = d.Ledger
	if d.Outcome == events.Denied && !s.denied.add(d.Sequence) {
		return // its assessment said so already
	}
	c, at := ofOutcome(d.Outcome), d.At.Unix()
	s.agent(d.Agent, at).count(d.Sequence, at, c)
	if key, ok := s.waiting.get(d.Sequence); ok {
		if p, ok := s.principals.get(*key); ok {
			p.count(d.Sequence, at, c)
		}
	}
}

// key stands for a name in bounded memory. Its seed is secret, so nobody can choose two names with one key.
func (s *State) key(name string) uint64 {
	return maphash.String(s.seed, strings.ToLower(strings.TrimSpace(name)))
}

func (s *State) agent(name string, at int64) *agent {
	g, evicted := s.agents.use(s.key(name), func() *agent {
		return &agent{newHistory(at, s.evicted+day), newLRU[*usage](s.limits.Tools), newLRU[*usage](s.limits.Recipients)}
	})
	s.forgot(evicted)
	return g
}

func (s *State) principal(name string, at int64) *history {
	if name == "" {
		return nil
	}
	p, evicted := s.principals.use(s.key(name), func() *history { h := newHistory(at, s.evicted+day); return &h })
	s.forgot(evicted)
	return p
}

// forgot notes when something was forgotten, by the time of what is counted.
func (s *State) forgot(evicted bool) {
	if evicted {
		s.evicted = max(s.evicted, s.newest)
	}
}
