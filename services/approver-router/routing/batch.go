package routing

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// waiting is one assessment held, unacknowledged, until its request is stored.
type waiting struct {
	assessment *events.ActionAssessed
	proposed   *events.ActionProposed // nil where it is not at hand any more
	cause      events.Event
	version    string // of the routes it was matched by
	promise    *stream.Promise
}

// batch is what will go on one card.
type batch struct {
	route *routes.Route
	items []waiting
	timer *time.Timer
}

// batcher collects similar actions that arrive within a route's window.
type batcher struct {
	flush func(*batch) // called on a goroutine of its own
	busy  sync.WaitGroup

	mu     sync.Mutex
	open   map[kind]*batch
	closed bool
}

func newBatcher(flush func(*batch)) *batcher {
	return &batcher{flush: flush, open: make(map[kind]*batch)}
}

// kind is what may share a card: the same people, tool, rules and kind of target.
// Actions that differ in one of these need a different judgement.
type kind struct {
	route, group, breakpoint, tool, target string
	rules                                  string
	version                                string // a batch is never continued under other rules
}

func kindOf(route *routes.Route, a *events.ActionAssessed) kind {
	k := kind{route: route.ID, group: route.Group(), breakpoint: string(a.Breakpoint), tool: a.Tool}
	if a.Target != nil {
		k.target = a.Target.Kind
	}
	counted := a.Counted()
	ids := make([]string, len(counted))
	for i, rule := range counted {
		ids[i] = rule.ID
	}
	slices.Sort(ids)
	k.rules = strings.Join(ids, "\x00")
	return k
}

// add puts w into the open batch of its kind; a full batch goes out at once, any other
// when its window closes. During a shutdown nothing waits.
func (b *batcher) add(route *routes.Route, w waiting) {
	key := kindOf(route, w.assessment)
	key.version = w.version
	b.mu.Lock()
	defer b.mu.Unlock()
	current := b.open[key]
	if current == nil {
		current = &batch{route: route}
		b.open[key] = current
		current.timer = time.AfterFunc(route.Window, func() { b.close(key, current) })
	}
	current.items = append(current.items, w)
	if len(current.items) >= route.MaxItems || b.closed {
		b.send(key, current)
	}
}

// close sends the batch whose window is over, unless it went out before.
func (b *batcher) close(key kind, expected *batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[key] == expected {
		b.send(key, expected)
	}
}

// send must be called with mu held.
func (b *batcher) send(key kind, full *batch) {
	full.timer.Stop()
	delete(b.open, key)
	b.busy.Go(func() { b.flush(full) })
}

// closeAll sends every open batch; what is added from now on goes out at once.
func (b *batcher) closeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for key, open := range b.open {
		b.send(key, open)
	}
}

// wait returns once every batch is flushed. Nothing may be added meanwhile.
func (b *batcher) wait() { b.busy.Wait() }
