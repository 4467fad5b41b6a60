package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxOutstanding is how many publishes wait for their PubAck at a time; beyond 1024
// throughput does not grow any more.
const maxOutstanding = 1024

var (
	errPublishTimeout = errors.New("no PubAck in time")
	errNoStream       = errors.New("no stream takes the subject")
	errStopped        = errors.New("the worker has stopped")
)

// send is one publish that waits for its PubAck.
type send struct {
	msg      nats.Msg
	once     bool
	replyTo  string
	stored   func(sequence uint64) // nil for nobody who wants to know
	deadline time.Time
	job      *job

	// Written before the job is told, read after.
	pubAck
	err error
}

// pubAck is what a PubAck says of what was stored.
type pubAck struct {
	sequence  uint64
	duplicate bool // it was stored before
}

// publisher publishes without waiting and tells each job when all its sends are
// answered. It does what jetstream.PublishMsgAsync does, without a channel, timer and JSON
// document per message.
type publisher struct {
	conn    *nats.Conn
	timeout time.Duration
	prefix  string
	sub     *nats.Subscription
	status  chan nats.Status
	stop    chan struct{}
	ended   sync.WaitGroup

	mu      sync.Mutex
	room    sync.Cond
	pending map[uint64]*send
	next    uint64
	stopped bool
	lastErr error // of the last answer; nil after a success
}

func newPublisher(conn *nats.Conn, timeout time.Duration) (*publisher, error) {
	p := &publisher{
		conn: conn, timeout: timeout, prefix: conn.NewInbox() + ".", pending: make(map[uint64]*send, maxOutstanding),
		stop: make(chan struct{}),
	}
	p.room.L = &p.mu
	sub, err := conn.Subscribe(p.prefix+"*", p.answered)
	if err != nil {
		return nil, fmt.Errorf("subscribing to publish acknowledgements: %w", err)
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return nil, fmt.Errorf("lifting the limits of publish acknowledgements: %w", err)
	}
	p.sub = sub
	p.status = conn.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	p.ended.Go(p.watch)
	return p, nil
}

// publish sends s. Its job is told, also where sending fails at once.
func (p *publisher) publish(s *send) {
	p.mu.Lock()
	for len(p.pending) >= maxOutstanding && !p.stopped {
		p.room.Wait()
	}
	if p.stopped {
		p.mu.Unlock()
		s.err = errStopped
		s.job.answered()
		return
	}
	p.next++
	id := p.next
	s.deadline = time.Now().Add(p.timeout)
	p.pending[id] = s
	p.mu.Unlock()

	var buf [96]byte
	b := append(buf[:0], p.prefix...)
	s.msg.Reply = string(strconv.AppendUint(b, id, 36))
	if err := p.conn.PublishMsg(&s.msg); err != nil {
		p.settle(id, pubAck{}, err)
	}
}

// settle ends the send id, if nothing else has.
func (p *publisher) settle(id uint64, ack pubAck, err error) {
	p.mu.Lock()
	s, ok := p.pending[id]
	if ok {
		delete(p.pending, id)
		if p.lastErr = err; isConflict(err) {
			p.lastErr = nil // the stream answered
		}
		p.room.Signal()
	}
	p.mu.Unlock()
	if ok {
		s.pubAck, s.err = ack, err
		s.job.answered()
	}
}

func (p *publisher) answered(m *nats.Msg) {
	id, err := strconv.ParseUint(m.Subject[len(p.prefix):], 36, 64)
	if err != nil {
		return
	}
	ack, err := parsePubAck(m)
	p.settle(id, ack, err)
}

// watch ends what is overdue, and everything when the connection breaks: its answers
// may have been lost with it.
func (p *publisher) watch() {
	tick := time.NewTicker(max(p.timeout/8, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			p.fail(errPublishTimeout, func(s *send) bool { return now.After(s.deadline) })
		case _, ok := <-p.status:
			if !ok {
				p.status = nil
				continue
			}
			p.fail(nats.ErrDisconnected, func(*send) bool { return true })
		case <-p.stop:
			return
		}
	}
}

func (p *publisher) fail(err error, which func(*send) bool) {
	p.mu.Lock()
	var ids []uint64
	for id, s := range p.pending {
		if which(s) {
			ids = append(ids, id)
		}
	}
	p.mu.Unlock()
	for _, id := range ids {
		p.settle(id, pubAck{}, err)
	}
}

// close fails what is outstanding and everything published later.
func (p *publisher) close() {
	p.mu.Lock()
	p.stopped = true
	p.room.Broadcast()
	p.mu.Unlock()
	close(p.stop)
	p.ended.Wait()
	if p.status != nil {
		p.conn.RemoveStatusListener(p.status)
	}
	_ = p.sub.Unsubscribe() // fails only where the connection is closed, which ends it too
	p.fail(errStopped, func(*send) bool { return true })
}

// trouble says why the last publish failed; nil where it did not.
func (p *publisher) trouble() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lastErr
}

// parsePubAck reads a PubAck. The common one is read without decoding JSON.
func parsePubAck(m *nats.Msg) (pubAck, error) {
	if len(m.Data) == 0 {
		if m.Header.Get("Status") == "503" {
			return pubAck{}, errNoStream
		}
		return pubAck{}, jetstream.ErrInvalidJSAck
	}
	if sequence, ok := storedAt(m.Data); ok {
		return pubAck{sequence: sequence}, nil
	}
	var ack struct {
		Stream    string              `json:"stream"`
		Sequence  uint64              `json:"seq"`
		Duplicate bool                `json:"duplicate"`
		Error     *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &ack); err != nil {
		return pubAck{}, fmt.Errorf("decoding PubAck: %w", err)
	}
	if ack.Error != nil {
		return pubAck{}, ack.Error
	}
	if ack.Stream == "" {
		return pubAck{}, jetstream.ErrInvalidJSAck
	}
	return pubAck{ack.Sequence, ack.Duplicate}, nil
}

// storedAt reads {"stream":"WL_EVENTS","seq":17}, with or without a domain between the two.
func storedAt(ack []byte) (sequence uint64, ok bool) {
	at := bytes.LastIndexByte(ack, ':')
	if at < 0 || !bytes.HasPrefix(ack, []byte(`{"stream":"`)) || !bytes.HasSuffix(ack[:at], []byte(`,"seq"`)) || !bytes.HasSuffix(ack, []byte("}")) ||
		bytes.Contains(ack, []byte(`"error"`)) || bytes.Contains(ack, []byte(`"duplicate"`)) {
		return 0, false
	}
	sequence, err := strconv.ParseUint(string(ack[at+1:len(ack)-1]), 10, 64)
	return sequence, err == nil && sequence > 0
}
