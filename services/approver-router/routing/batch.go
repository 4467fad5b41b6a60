package routing

import (
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
	similar    string // the same for all that may share its card, see [routes.Route.Key]
	promise    *stream.Promise
}

// batch is what will go on one card.
type batch struct {
	route *routes.Route
	items []waiting
	first time.Time // when the first item came
	timer *time.Timer
}

// batcher collects similar actions that arrive within a route's window.
type batcher struct {
	flush func(*batch) // called on a goroutine of its own
	load  *load
	busy  sync.WaitGroup

	mu     sync.Mutex
	open   map[kind]*batch
	closed bool
}

func newBatcher(flush func(*batch)) *batcher {
	return &batcher{flush: flush, load: newLoad(), open: make(map[kind]*batch)}
}

// kind is what may share a card: actions for the same people that the route calls similar.
type kind struct {
	route, group, similar string
	version               string // a batch is never continued under other rules
}

func kindOf(route *routes.Route, w waiting) kind {
	return kind{route: route.ID, group: route.Group(), similar: w.similar, version: w.version}
}

// add puts w into the open batch of its kind. A full batch goes out at once, as does one with an item that is urgent: those that
// wait already go with it, which spares them the wait and people a card. Any other goes out when
// its window closes, which arrivals may still widen, or its first item becomes urgent. During a shutdown nothing waits.
func (b *batcher) add(route *routes.Route, w waiting) {
	key := kindOf(route, w)
	now := time.Now()
	window := route.Window.For(b.load.arrived(key, now), b.load.waiting(key.group, now))
	b.mu.Lock()
	defer b.mu.Unlock()
	current := b.open[key]
	if current == nil {
		current = &batch{route: route, first: now}
		b.open[key] = current
		current.timer = time.AfterFunc(window, func() { b.close(key, current) })
	}
	current.items = append(current.items, w)
	left := closing(route, current.items, current.first, window).Sub(now)
	if len(current.items) >= route.MaxItems || left <= 0 || b.closed {
		b.send(key, current)
		return
	}
	current.timer.Reset(left)
}

// closing is when a batch goes out that a window holds open: when the window closes, or an item becomes urgent.
func closing(route *routes.Route, items []waiting, first time.Time, window time.Duration) time.Time {
	at := first.Add(window)
	for _, w := range items {
		if urgent, ok := route.UrgentAt(w.assessment); ok && urgent.Before(at) {
			at = urgent
		}
	}
	return at
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
