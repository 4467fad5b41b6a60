package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// killer kills processes as the work goes on: not by the clock, so that a slow
// machine is hit as often, and at the same stages of the work, as a fast one.
type killer struct {
	due  chan *process
	done chan struct{}
	err  error

	mu   sync.Mutex
	seen int
	plan []planned // by count, from the first not yet killed
}

// planned kills a process once so many decisions have been seen.
type planned struct {
	at     int
	victim *process
}

// newKiller plans to kill each process the given number of times, at random among the
// given number of decisions.
func newKiller(random *rand.Rand, processes []*process, each, decisions int) *killer {
	k := &killer{due: make(chan *process, each*len(processes)), done: make(chan struct{})}
	last := decisions * 97 / 100 // something is left to do after the last
	for _, p := range processes {
		for range each {
			k.plan = append(k.plan, planned{1 + random.IntN(last), p})
		}
	}
	slices.SortFunc(k.plan, func(a, b planned) int { return a.at - b.at })
	go k.work()
	return k
}

// decided counts a decision.
func (k *killer) decided() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen++; len(k.plan) == 0 {
		return
	}
	for len(k.plan) > 0 && k.plan[0].at <= k.seen {
		k.due <- k.plan[0].victim
		k.plan = k.plan[1:]
	}
	if len(k.plan) == 0 {
		close(k.due)
	}
}

func (k *killer) work() {
	defer close(k.done)
	for victim := range k.due {
		if err := victim.killAndRestart(); err != nil && k.err == nil {
			k.err = err
		}
	}
}

// wait returns once the plan is carried out.
func (k *killer) wait() error {
	<-k.done
	return k.err
}

func report(processes []*process) string {
	text := ""
	for _, p := range processes {
		text += fmt.Sprintf(" %s %d", p.name, p.kills)
	}
	return text
}
