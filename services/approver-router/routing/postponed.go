package routing

import (
	"sync"
	"time"

	"github.com/weighlock/weighlock/internal/stream"
)

// maxPostponed is how many assessments the server may keep for later. Together with those in flight they stay below what
// the consumer may have unacknowledged, so that what waits for its hour never stops what has to be decided now.
const maxPostponed = 50_000

// postponed counts what is left to the server until a delivery. The server is what remembers it, over restarts too; this only knows
// how much it is.
type postponed struct {
	// unsettled is how many the server has delivered, to this router or to those before it, and mostUnsettled how many that may be.
	unsettled     func() int
	mostUnsettled int

	mu    sync.Mutex
	until map[uint64]time.Time // by the assessment's sequence
	most  int
	swept time.Time
}

func newPostponed(mostUnsettled int, unsettled func() int) *postponed {
	return &postponed{until: make(map[uint64]time.Time), most: maxPostponed, mostUnsettled: mostUnsettled, unsettled: unsettled}
}

// wait is how long the message is to be left to the server until due: 0 where it is due, or too many are left there already.
func (p *postponed) wait(m *stream.Message, due, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !due.After(now) {
		delete(p.until, m.Sequence)
		return 0
	}
	if _, known := p.until[m.Sequence]; !known {
		if len(p.until) >= p.most {
			p.sweep(now)
		}
		if len(p.until) >= p.most || p.unsettled() >= p.mostUnsettled { // routers before this one may have left as many
			return 0
		}
	}
	p.until[m.Sequence] = due
	return due.Sub(now)
}

// sweep forgets, at most once a second, what must have come back to another router, or was ended meanwhile; mu is held.
func (p *postponed) sweep(now time.Time) {
	if now.Sub(p.swept) < time.Second {
		return
	}
	p.swept = now
	for sequence, due := range p.until {
		if due.Add(time.Minute).Before(now) {
			delete(p.until, sequence)
		}
	}
}
