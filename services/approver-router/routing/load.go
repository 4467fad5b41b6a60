package routing

import (
	"sync"
	"time"
)

// load is what the router knows of how busy people are: which of the cards it opened still wait, and how often each kind of
// action came within the last minute. It starts empty and may be behind; all it does is to make windows longer.
type load struct {
	mu     sync.Mutex
	open   map[string]map[string]time.Time // group -> request -> when it ends at the latest
	lately map[kind][]time.Time
	swept  time.Time
}

// remembered is how long arrivals count; mostLately how many of one kind are worth counting.
const (
	remembered = time.Minute
	mostLately = 100
)

func newLoad() *load {
	return &load{open: make(map[string]map[string]time.Time), lately: make(map[kind][]time.Time)}
}

// arrived counts an action of a kind and returns how many came within the last minute, with this one.
func (l *load) arrived(k kind, now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	times := append(since(l.lately[k], now.Add(-remembered)), now)
	if len(times) > mostLately {
		times = times[1:]
	}
	l.lately[k] = times
	return len(times)
}

// opened notes a card that waits for group until end; resolved that it does not any more.
func (l *load) opened(group, request string, end time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[group] == nil {
		l.open[group] = make(map[string]time.Time)
	}
	l.open[group][request] = end
}

func (l *load) resolved(group, request string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open[group], request)
}

// waiting is how many cards wait for group.
func (l *load) waiting(group string, now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	return len(l.open[group])
}

// sweep forgets, at most once a minute, what is over without the router having been told; mu is held.
func (l *load) sweep(now time.Time) {
	if now.Sub(l.swept) < remembered {
		return
	}
	l.swept = now
	for _, requests := range l.open {
		for request, end := range requests {
			if end.Before(now) {
				delete(requests, request)
			}
		}
	}
	for k, times := range l.lately {
		if l.lately[k] = since(times, now.Add(-remembered)); len(l.lately[k]) == 0 {
			delete(l.lately, k)
		}
	}
}

// since drops what is not after t from times, which are in order.
func since(times []time.Time, t time.Time) []time.Time {
	for len(times) > 0 && !times[0].After(t) {
		times = times[1:]
	}
	return times
}
