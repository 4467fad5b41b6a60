package agent

import (
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// resendAfter is how long an unanswered message waits before it is sent again. Everything
// sent here may be sent twice: proposals and receipts are taken once, reads change nothing.
const resendAfter = 5 * time.Second

// exchange pairs messages with their answers: many outstanding, sent again after a
// reconnect or a silence, failed at once where the server forbids them.
type exchange struct {
	nc    *nats.Conn
	inbox string // "_INBOX.billing.<secret>."; each call is answered on inbox + number

	mu     sync.Mutex
	calls  map[string]*call
	next   uint64
	closed error
}

// call is one message that waits for its answer.
type call struct {
	msg      *nats.Msg
	key      string
	first    time.Time // when it was made
	sent     time.Time
	deadline time.Time
	// answer takes the answer or the reason why there is none. A positive result
	// means: not final, send again after so long.
	answer func(reply *nats.Msg, err error) time.Duration
}

var errNoAnswer = errors.New("the server did not answer in time")

// newCall makes a call; once sent, answer is called exactly once with something final,
// unless the call is cancelled before. It may be called before send returns.
func (x *exchange) newCall(msg *nats.Msg, timeout time.Duration, answer func(*nats.Msg, error) time.Duration) *call {
	now := time.Now()
	c := &call{msg: msg, first: now, sent: now, deadline: now.Add(timeout), answer: answer}
	x.mu.Lock()
	x.next++
	c.key = strconv.FormatUint(x.next, 36)
	x.mu.Unlock()
	msg.Reply = x.inbox + c.key
	return c
}

// send puts a call on the wire.
func (x *exchange) send(c *call) {
	if x.hold(c) {
		x.publish(c)
	}
}

// hold registers a call; a closed exchange fails it instead.
func (x *exchange) hold(c *call) bool {
	x.mu.Lock()
	closed := x.closed
	if closed == nil {
		x.calls[c.key] = c
	}
	x.mu.Unlock()
	if closed != nil {
		c.answer(nil, closed)
	}
	return closed == nil
}

// take removes a call: whoever gets it is the one to answer it.
func (x *exchange) take(key string) *call {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := x.calls[key]
	delete(x.calls, key)
	return c
}

func (x *exchange) cancel(c *call) { x.take(c.key) }

// publish tries to send. Whatever is wrong with the connection leaves the call waiting: the
// reconnect sends it.
func (x *exchange) publish(c *call) {
	err := x.nc.PublishMsg(c.msg)
	if err == nil {
		return
	}
	for _, final := range []error{nats.ErrConnectionClosed, nats.ErrConnectionDraining, nats.ErrMaxPayload, nats.ErrBadSubject, nats.ErrHeadersNotSupported} {
		if errors.Is(err, final) && x.take(c.key) != nil {
			c.answer(nil, err)
		}
	}
}

// received hands an answer to its call; a stray one is dropped.
func (x *exchange) received(m *nats.Msg) {
	if len(m.Subject) <= len(x.inbox) {
		return
	}
	c := x.take(m.Subject[len(x.inbox):])
	if c == nil {
		return
	}
	again := c.answer(m, nil)
	if again <= 0 || !x.hold(c) {
		return
	}
	time.AfterFunc(again, func() {
		if x.waiting(c) {
			x.publish(c)
		}
	})
}

func (x *exchange) waiting(c *call) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	c.sent = time.Now()
	return x.calls[c.key] == c
}

// fail ends every call that matches.
func (x *exchange) fail(err error, match func(*call) bool) {
	x.mu.Lock()
	var failed []*call
	for key, c := range x.calls {
		if match(c) {
			failed = append(failed, c)
			delete(x.calls, key)
		}
	}
	x.mu.Unlock()
	for _, c := range failed {
		c.answer(nil, err)
	}
}

// resend sends again what was sent before the given time, in no order: order between
// actions is the order of their answers, which the sender waits for where it matters.
func (x *exchange) resend(before time.Time) {
	x.mu.Lock()
	now := time.Now()
	var late []*call
	for _, c := range x.calls {
		if c.sent.Before(before) {
			c.sent = now
			late = append(late, c)
		}
	}
	x.mu.Unlock()
	for _, c := range late {
		x.publish(c)
	}
}

// sweep ends what has waited too long and repeats what waits for long.
func (x *exchange) sweep(now time.Time) {
	x.fail(errNoAnswer, func(c *call) bool { return now.After(c.deadline) })
	x.resend(now.Add(-resendAfter))
}

// close ends every call, now and later.
func (x *exchange) close(err error) {
	x.mu.Lock()
	if x.closed == nil {
		x.closed = err
	}
	x.mu.Unlock()
	x.fail(err, func(*call) bool { return true })
}
