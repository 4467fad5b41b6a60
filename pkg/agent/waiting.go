package agent

import "sync"

// keptDecisions bounds the decisions kept for waits that have not begun; older ones are
// found in the ledger.
const keptDecisions = 1 << 16

// waiting brings decisions that arrive together with those who wait for them.
type waiting struct {
	mu       sync.Mutex
	expected map[string]bool                         // proposed by this client, not decided yet
	waits    map[string]map[chan<- Decision]struct{} // by action
	kept     map[string]Decision
	order    []string // of kept, oldest first
	woken    chan struct{}
	closed   chan struct{}
	once     sync.Once
}

func newWaiting() *waiting {
	return &waiting{
		expected: make(map[string]bool), waits: make(map[string]map[chan<- Decision]struct{}), kept: make(map[string]Decision),
		woken: make(chan struct{}), closed: make(chan struct{}),
	}
}

func (w *waiting) expect(action string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expected[action] = true
}

// begin registers a wait. Where the decision came before, found is true.
func (w *waiting) begin(action string, to chan<- Decision) (d Decision, found, expected bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d, found = w.kept[action]; found {
		return d, true, true
	}
	if w.waits[action] == nil {
		w.waits[action] = make(map[chan<- Decision]struct{}, 1)
	}
	w.waits[action][to] = struct{}{}
	return d, false, w.expected[action]
}

func (w *waiting) end(action string, to chan<- Decision) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waits[action], to)
	if len(w.waits[action]) == 0 {
		delete(w.waits, action)
	}
}

// deliver hands d to everybody who waits for it, or keeps it.
func (w *waiting) deliver(d Decision) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.expected, d.Action)
	for to := range w.waits[d.Action] {
		select {
		case to <- d:
		default: // it has one already
		}
	}
	if len(w.waits[d.Action]) > 0 {
		return
	}
	if _, ok := w.kept[d.Action]; ok {
		return
	}
	if len(w.order) == keptDecisions {
		delete(w.kept, w.order[0])
		w.order = w.order[1:]
	}
	w.kept[d.Action] = d
	w.order = append(w.order, d.Action)
}

// wake makes every wait look into the ledger: replies may have been missed.
func (w *waiting) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.woken)
	w.woken = make(chan struct{})
}

func (w *waiting) wakeUp() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.woken
}

func (w *waiting) close() { w.once.Do(func() { close(w.closed) }) }
