package routing

import (
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
	cause      events.Event
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
	mu    sync.Mutex
	open  map[string]*batch
	busy  sync.WaitGroup
}

func newBatcher(flush func(*batch)) *batcher {
	return &batcher{flush: flush, open: make(map[string]*batch)}
}

// similarity names what may share a card: the same people, tool, rules and kind of
// target. Actions that differ in one of these need a different judgement.
func similarity(route *routes.Route, a *events.ActionAssessed) string {
	var b strings.Builder
	b.WriteString(route.ID + "\x00" + route.Group + "\x00" + a.Tool + "\x00")
	if a.Target != nil {
		b.WriteString(a.Target.Kind)
	}
	for _, rule := range a.Rules {
		b.WriteString("\x00" + rule.ID)
	}
	return b.String()
}

// add puts w into the open batch of its kind; a full batch goes out at once, a new
// one when its window closes.
func (b *batcher) add(route *routes.Route, w waiting) {
	key := similarity(route, w.assessment)
	b.mu.Lock()
	defer b.mu.Unlock()
	current := b.open[key]
	if current == nil {
		current = &batch{route: route}
		b.open[key] = current
		current.timer = time.AfterFunc(route.Window, func() { b.close(key, current) })
	}
	current.items = append(current.items, w)
	if len(current.items) >= route.MaxItems {
		current.timer.Stop()
		b.send(key, current)
	}
}

// close sends the batch whose window is over, unless it went out full before.
func (b *batcher) close(key string, expected *batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[key] == expected {
		b.send(key, expected)
	}
}

// send must be called with mu held.
func (b *batcher) send(key string, full *batch) {
	delete(b.open, key)
	b.busy.Go(func() { b.flush(full) })
}

// closeAll sends every open batch and waits until they are stored or given back.
func (b *batcher) closeAll() {
	b.mu.Lock()
	for key, open := range b.open {
		open.timer.Stop()
		b.send(key, open)
	}
	b.mu.Unlock()
	b.busy.Wait()
}
