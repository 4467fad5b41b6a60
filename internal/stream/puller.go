package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

var (
	errSilent  = errors.New("the consumer does not answer pull requests")
	errDeleted = errors.New("the consumer is gone")
)

// puller asks for messages in batches, ahead of the lanes, and keeps the consumer
// pinned to this worker.
//
// nats.go's own pull loop renews a pin only by asking for messages, so a worker that is full
// or waits for a long request would lose its pin to the standby every PinnedTTL.
type puller struct {
	conn    *nats.Conn
	cfg     Config
	subject string // where pull requests go
	inbox   string
	sub     *nats.Subscription
	flight  *inFlight
	deliver func(*nats.Msg)
	freed   atomic.Int64
	kick    chan struct{}

	mu       sync.Mutex
	pin      Pin
	asked    []asked   // requests that the server has not ended, the oldest first: it serves them in that order
	expires  time.Time // when all requests have ended, answered or not
	lastPull time.Time
	lastMsg  time.Time
	stopped  bool
	broken   error // why the consumer has to be ensured again
}

// asked is what a request may still bring.
type asked struct{ messages, bytes int }

func newPuller(conn *nats.Conn, cfg Config, flight *inFlight, deliver func(*nats.Msg)) (*puller, error) {
	p := &puller{
		conn: conn, cfg: cfg, flight: flight, deliver: deliver, kick: make(chan struct{}, 1),
		subject: "$JS.API.CONSUMER.MSG.NEXT." + cfg.Stream + "." + cfg.Consumer, inbox: conn.NewInbox(),
	}
	sub, err := conn.Subscribe(p.inbox+".*", p.received)
	if err != nil {
		return nil, fmt.Errorf("subscribing to deliveries: %w", err)
	}
	// What arrives is bounded by what was asked for.
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return nil, fmt.Errorf("lifting the limits of deliveries: %w", err)
	}
	p.sub = sub
	return p, nil
}

// lifetime of a pull request: short, so that a lost one is noticed soon.
func (p *puller) lifetime() time.Duration { return min(p.cfg.PinnedTTL/2, 5*time.Second) }

// pull asks for more if there is room for a good part of a batch.
func (p *puller) pull() {
	all, held := p.flight.counts()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || p.broken != nil || p.conn.Status() != nats.CONNECTED {
		return
	}
	// A second request of a standby would stay behind, without the pin, when the first gets it.
	requested := p.requested()
	if p.pin.ID() == "" && requested.messages > 0 {
		return
	}
	room := min(2*p.cfg.Batch-(all-held), p.cfg.MaxInFlight-all) - requested.messages
	room = min(room, p.cfg.Batch)
	if room < 1 || room < p.cfg.Batch/2 && (requested.messages > 0 || all-held > p.cfg.Batch) {
		return
	}
	bytes, ok := p.roomForBytes(requested)
	if !ok {
		return
	}
	now := time.Now()
	if err := p.request("b", PullRequest{Batch: room, Expires: p.lifetime(), MaxBytes: bytes, Pin: p.pin.ID(), Group: priorityGroup}); err != nil {
		return // the connection says so itself, and tick tries again
	}
	p.asked = append(p.asked, asked{room, bytes})
	p.lastPull, p.expires = now, now.Add(p.lifetime())
}

// envelope is what a delivery has beside what its publisher sent, in bytes: amply.
const envelope = 16 << 10

// roomForBytes is how much a request may bring; ok says that there is room for it. A request always has room for the largest message, and
// half of what may be in flight, so that the next one can be on its way before it ends. mu is held.
func (p *puller) roomForBytes(requested asked) (bytes int, ok bool) {
	all, held := p.flight.sizes()
	bytes = max(p.cfg.MaxBytes/8, int(p.conn.MaxPayload())+envelope)
	room := min(p.cfg.MaxBytes/4-(all-held), p.cfg.MaxBytes-all) - requested.bytes
	return bytes, room >= bytes || all == held && all < p.cfg.MaxBytes && requested.messages == 0
}

// request sends one pull request; kind tells its answers apart.
func (p *puller) request(kind string, r PullRequest) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding pull request: %w", err)
	}
	return p.conn.PublishRequest(p.subject, p.inbox+"."+kind, body)
}

// tick does what time brings: it notices lost requests and keeps the pin.
func (p *puller) tick(now time.Time) {
	p.mu.Lock()
	if len(p.asked) > 0 && now.Sub(p.expires) > p.lifetime() {
		p.asked = nil
		if p.conn.Status() == nats.CONNECTED && p.broken == nil {
			p.broken = errSilent
		}
	}
	if p.pin.ID() != "" && !p.stopped && now.Sub(p.lastPull) > p.cfg.PinnedTTL/3 {
		// No message fits one byte, so this renews the pin and delivers nothing.
		if p.request("k", PullRequest{Batch: 1, NoWait: true, MaxBytes: 1, Pin: p.pin.ID(), Group: priorityGroup}) == nil {
			p.lastPull = now
		}
	}
	p.mu.Unlock()
	p.pull()
}

// received takes what the server sends: messages, and how requests ended.
func (p *puller) received(m *nats.Msg) {
	if status := m.Header.Get("Status"); status != "" && len(m.Data) == 0 && m.Reply == "" {
		p.ended(status, m)
		return
	}
	p.mu.Lock()
	p.pin.Learn(m)
	p.brought(m.Size())
	left := p.requested().messages
	low := left < p.cfg.Batch/2 || left == 0
	p.lastMsg = time.Now()
	p.mu.Unlock()
	delete(m.Header, PinHeader)
	p.deliver(m)
	if low {
		p.pull()
	}
}

// ended takes the end of a pull request.
func (p *puller) ended(status string, m *nats.Msg) {
	if p.account(status, m) {
		p.pull() // at once: without a request at the server, every message would wait for a tick
	}
}

// account writes off what an ended request will not deliver, and reports whether it is
// safe to ask again without delay.
func (p *puller) account(status string, m *nats.Msg) (again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	batch := m.Subject[len(p.inbox)+1:] == "b"
	switch status {
	case "423": // pinned to somebody else, or under another id
		p.pin.Refused()
		p.asked = nil
		return true
	case "503":
		p.asked, p.broken = nil, errDeleted
	case "408":
		return batch && p.left(m)
	case "409":
		switch m.Header.Get("Description") {
		case "Consumer Deleted":
			p.pin, p.asked, p.broken = Pin{}, nil, errDeleted
		case "Message Size Exceeds MaxBytes": // of this request: the next message comes with another
			return batch && p.left(m)
		default:
			if batch { // leadership change, server shutdown: ask again at the next tick
				p.asked = nil
			}
		}
	}
	return false
}

// left writes off what the oldest request will not bring any more; false where the server does not say that it has ended.
func (p *puller) left(m *nats.Msg) bool {
	if m.Header.Get("Nats-Pending-Messages") == "" {
		return false
	}
	if len(p.asked) > 0 {
		p.asked = p.asked[1:]
	}
	return true
}

// brought counts a message of the oldest request.
func (p *puller) brought(bytes int) {
	if len(p.asked) == 0 {
		return
	}
	a := &p.asked[0]
	if a.messages, a.bytes = a.messages-1, max(a.bytes-bytes, 0); a.messages == 0 {
		p.asked = p.asked[1:]
	}
}

// requested is what all requests may still bring.
func (p *puller) requested() (all asked) {
	for _, a := range p.asked {
		all.messages, all.bytes = all.messages+a.messages, all.bytes+a.bytes
	}
	return all
}

// roomFreed is called for every settled message; now and then it wakes the loop.
func (p *puller) roomFreed() {
	if p.freed.Add(1)%int64(max(p.cfg.Batch/4, 1)) == 0 {
		select {
		case p.kick <- struct{}{}:
		default:
		}
	}
}

// forget drops what was asked for: a new connection knows nothing of it.
func (p *puller) forget() {
	p.mu.Lock()
	p.asked = nil
	p.mu.Unlock()
}

// trouble returns why the consumer has to be ensured; repaired says that it was.
func (p *puller) trouble() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

func (p *puller) repaired() {
	p.mu.Lock()
	p.broken = nil
	p.mu.Unlock()
}

// stop asks for no more and lets what was asked for arrive. On a busy stream the
// requests fill up at once; on an idle one nothing comes, so there is nothing to wait for.
func (p *puller) stop() {
	p.mu.Lock()
	p.stopped, p.lastMsg = true, time.Now()
	p.mu.Unlock()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(time.Second); time.Now().Before(end) && p.conn.Status() == nats.CONNECTED; <-poll.C {
		p.mu.Lock()
		over := len(p.asked) == 0 || time.Since(p.lastMsg) > 25*time.Millisecond
		p.mu.Unlock()
		if over {
			break
		}
	}
	closed := make(chan struct{})
	p.sub.SetClosedHandler(func(string) { close(closed) })
	if p.sub.Drain() != nil {
		return
	}
	select {
	case <-closed:
	case <-time.After(time.Second): // no connection: the server forgets the requests by itself
	}
}

// unpin lets the standby take over at once.
func (p *puller) unpin() {
	p.mu.Lock()
	pin := p.pin.ID()
	p.pin = Pin{}
	p.mu.Unlock()
	if pin == "" || p.conn.Status() != nats.CONNECTED {
		return
	}
	// Without an answer the pin runs out by itself.
	_, _ = p.conn.Request("$JS.API.CONSUMER.UNPIN."+p.cfg.Stream+"."+p.cfg.Consumer, []byte(`{"group":"`+priorityGroup+`"}`), time.Second)
}
