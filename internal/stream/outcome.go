package stream

import (
	"errors"
	"sync"
	"time"
)

type outcomeKind int

const (
	isDone outcomeKind = iota
	isRetry
	isPermanent
	isLater
	isPostponed
)

// Outcome is what a handler wants to become of its message. The zero value is Done().
type Outcome struct {
	kind    outcomeKind
	outputs []Output
	delay   time.Duration
	err     error
	promise *Promise
}

// Done publishes the outputs in order and acknowledges the message once all are stored.
func Done(out ...Output) Outcome { return Outcome{kind: isDone, outputs: out} }

// RetryAfter has the message redelivered after d, because of err. It comes back
// after messages of its key that were stored later.
func RetryAfter(d time.Duration, err error) Outcome {
	return Outcome{kind: isRetry, delay: d, err: err}
}

// Postpone has the message redelivered after d, because its time has not come: nothing is wrong. Until then the server
// keeps it, unacknowledged, and remembers when to bring it back, over restarts too; it takes no place in the worker.
func Postpone(d time.Duration) Outcome { return Outcome{kind: isPostponed, delay: d} }

// Permanent buries the message: a dead letter with the reason, then termination.
func Permanent(err error) Outcome {
	if err == nil {
		err = errors.New("the handler gave no reason")
	}
	return Outcome{kind: isPermanent, err: err}
}

// Later holds the message until p is resolved. Meanwhile it stays in flight and other
// messages, of its key too, are handled. A held message is redelivered after a crash,
// and by the drain of a shutdown if p is not resolved in time.
func Later(p *Promise) Outcome { return Outcome{kind: isLater, promise: p} }

// Promise is an outcome that is not known yet. Make one per message with [NewPromise].
type Promise struct {
	mu       sync.Mutex
	resolved bool
	outcome  Outcome
	then     func(Outcome)
}

// NewPromise returns an unresolved promise.
func NewPromise() *Promise { return &Promise{} }

// Resolve gives the outcome, from any goroutine and without blocking. Only the first
// call counts; an outcome that is itself Later retries the message.
func (p *Promise) Resolve(o Outcome) {
	p.mu.Lock()
	if p.resolved {
		p.mu.Unlock()
		return
	}
	p.resolved, p.outcome = true, o
	then := p.then
	p.mu.Unlock()
	if then != nil {
		then(o)
	}
}

// whenResolved calls then with the outcome, at once if there is one. It reports false
// where the promise already belongs to another message.
func (p *Promise) whenResolved(then func(Outcome)) bool {
	p.mu.Lock()
	if p.then != nil {
		p.mu.Unlock()
		return false
	}
	p.then = then
	resolved, o := p.resolved, p.outcome
	p.mu.Unlock()
	if resolved {
		then(o)
	}
	return true
}
