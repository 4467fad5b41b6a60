package agent

import (
	"container/list"
	"sync"
)

const (
	// maxRemembered and maxHeldBytes bound what is kept for decisions nobody waits for yet; what
	// falls out is found in the ledger.
	maxRemembered = 1 << 16
	maxHeldBytes  = 32 << 20
)

// mailbox keeps the decisions that arrive until somebody waits for them, within bounds.
type mailbox struct {
	mu      sync.Mutex
	entries map[string]*entry
	idle    *list.List // of *entry nobody waits for, the oldest first
	bytes   int        // of decisions held by idle entries
	epoch   uint64     // grows with every gap in which replies may have been lost
	gap     chan struct{}
}

// entry is one action that this client proposed or waits for.
type entry struct {
	id       string
	epoch    uint64 // when it was proposed
	accepted bool   // by the server, just now, for this client's reply subject
	waiters  int
	idle     *list.Element // nil while somebody waits
	ready    chan struct{} // closed once decision is set
	decision *Decision
	size     int
}

func newMailbox() *mailbox {
	return &mailbox{entries: make(map[string]*entry), idle: list.New(), gap: make(chan struct{})}
}

// entry finds or makes the entry of id; the caller holds the lock.
func (b *mailbox) entry(id string) *entry {
	e := b.entries[id]
	if e == nil {
		e = &entry{id: id, ready: make(chan struct{})}
		e.idle = b.idle.PushBack(e)
		b.entries[id] = e
	}
	return e
}

// expect notes that id is about to be proposed.
func (b *mailbox) expect(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry(id)
	// Proposed again, it may have been accepted for an earlier session's reply subject.
	e.epoch, e.accepted = b.epoch, false
	b.trim()
}

// accepted notes that the reply to id comes to this client.
func (b *mailbox) accepted(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[id]; e != nil {
		e.accepted = true
	}
}

// put keeps the first decision that arrives for an action this client knows; keep is false where
// only those who already wait shall have it.
func (b *mailbox) put(d *Decision, keep bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[d.Action]
	if e == nil || e.decision != nil {
		return
	}
	if e.waiters == 0 && !keep {
		b.drop(e)
		return
	}
	e.decision, e.size = d, len(d.Event.Data)+512
	close(e.ready)
	if e.idle != nil {
		b.bytes += e.size
		b.trim()
	}
}

// watch waits for id. sure says that no reply can have been missed so far, so that the ledger need not be
// asked first; gap is closed when one may have been.
func (b *mailbox) watch(id string) (e *entry, sure bool, gap <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e = b.entry(id)
	e.waiters++
	if e.idle != nil {
		b.idle.Remove(e.idle)
		e.idle = nil
		b.bytes -= e.size
	}
	return e, e.decision != nil || e.accepted && e.epoch == b.epoch, b.gap
}

// gapSignal is the channel that the next gap closes.
func (b *mailbox) gapSignal() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.gap
}

// unwatch ends a watch; found means that the decision was handed over and need not be kept.
func (b *mailbox) unwatch(e *entry, found bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.waiters--
	if e.waiters > 0 || b.entries[e.id] != e {
		return
	}
	e.idle = b.idle.PushBack(e)
	b.bytes += e.size
	if found {
		b.drop(e)
	}
	b.trim()
}

// missed says that replies may have been lost: everybody asks the ledger.
func (b *mailbox) missed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.epoch++
	close(b.gap)
	b.gap = make(chan struct{})
}

func (b *mailbox) drop(e *entry) {
	b.idle.Remove(e.idle)
	b.bytes -= e.size
	delete(b.entries, e.id)
}

func (b *mailbox) trim() {
	for b.idle.Len() > maxRemembered || b.bytes > maxHeldBytes && b.idle.Len() > 0 {
		b.drop(b.idle.Front().Value.(*entry)) //nolint:forcetypeassert // the list holds nothing else
	}
}
