package stream

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// lane handles the messages of its keys one after another and publishes their
// outputs; its completer (see settle.go) waits for the PubAcks in the same order.
type lane struct {
	w      *Worker
	in     chan *job
	settle chan *job

	mu       sync.Mutex
	resolved []*job        // held jobs whose promise has been resolved
	wake     chan struct{} // one value when resolved has something
}

// run ends when quit is closed.
func (l *lane) run(ctx context.Context, quit <-chan struct{}) {
	defer close(l.settle)
	for {
		select {
		case j := <-l.in:
			l.take(ctx, j)
		case <-l.wake:
			for _, j := range l.takeResolved() {
				l.finish(j, j.held)
			}
		case <-quit:
			return
		}
	}
}

func (l *lane) takeResolved() []*job {
	l.mu.Lock()
	defer l.mu.Unlock()
	jobs := l.resolved
	l.resolved = nil
	return jobs
}

// take handles one message, unless the worker is shutting down: then it stays
// untouched for the standby.
func (l *lane) take(ctx context.Context, j *job) {
	if l.w.draining.Load() || !j.state.CompareAndSwap(jobQueued, jobHandling) {
		return
	}
	if err := decode(&j.msg); err != nil {
		l.finish(j, Permanent(err))
		return
	}
	start := time.Now()
	o := handle(ctx, l.w.handler, &j.msg)
	l.w.meter.handleSeconds.Observe(time.Since(start).Seconds())
	l.finish(j, o)
}

// decode fills in m.Event. What fails here fails for ever.
func decode(m *Message) error {
	for _, h := range [...]string{jetstream.StreamHeader, jetstream.SequenceHeader, jetstream.SubjectHeader} {
		if _, ok := m.Header[h]; ok {
			return &events.FieldError{Field: h, Problem: "is set: the message was copied out of a stream", Fix: "publish the event itself"}
		}
	}
	e, err := events.Decode(events.Header(m.Header), m.Data)
	if err != nil {
		return fmt.Errorf("decoding event: %w", err)
	}
	if e.DataContentType != "" && e.DataContentType != events.ContentTypeJSON {
		return &events.FieldError{Field: "datacontenttype", Problem: fmt.Sprintf("is %q", e.DataContentType), Fix: "send " + events.ContentTypeJSON}
	}
	m.Event = bounded(e)
	return nil
}

const (
	maxCauseID       = 256
	traceParentBytes = 55 // W3C: version, trace, parent and flags
)

// bounded is e without what would make the events that follow from it, and the states that name it, outgrow a message: a publisher chooses these
// texts, and in structured mode they may be as long as a message.
func bounded(e events.Event) events.Event {
	if len(e.ID) > maxCauseID {
		e.ID = events.Digest([]byte(e.ID))
	}
	if len(e.TraceParent) > traceParentBytes {
		e.TraceParent = ""
	}
	return e
}

// handle calls the handler; a panic becomes a permanent failure.
func handle(ctx context.Context, h Handler, m *Message) (o Outcome) {
	defer func() {
		if r := recover(); r != nil {
			o = Permanent(fmt.Errorf("handler panicked: %v\n%s", r, debug.Stack()))
		}
	}()
	return h.Handle(ctx, m)
}

// finish acts on the outcome of a job.
func (l *lane) finish(j *job, o Outcome) {
	switch o.kind {
	case isDone:
		if err := l.publish(j, o.outputs); err != nil {
			l.w.bury(j, err)
		}
	case isPermanent:
		l.w.bury(j, o.err)
	case isRetry:
		l.w.meter.retried.Inc()
		l.w.logger.Warn("message will be tried again", "subject", j.msg.Subject, "sequence", j.msg.Sequence, "after", o.delay, "error", o.err)
		l.w.nak(j, max(o.delay, time.Millisecond))
		return
	case isPostponed:
		l.w.nak(j, max(o.delay, time.Millisecond))
		return
	case isLater:
		l.keep(j, o.promise)
		return
	}
	l.settle <- j
}

// keep holds j until p is resolved.
func (l *lane) keep(j *job, p *Promise) {
	if p == nil || j.held.kind == isLater {
		l.w.fail(j, fmt.Errorf("holding the message: a promise resolved to another promise, or there is none"))
		return
	}
	l.w.flight.hold(j)
	j.state.Store(jobHeld)
	owned := p.whenResolved(func(o Outcome) {
		if !j.state.CompareAndSwap(jobHeld, jobSettling) {
			return // given up by the drain
		}
		l.w.flight.release(j)
		j.held = o
		l.mu.Lock()
		l.resolved = append(l.resolved, j)
		l.mu.Unlock()
		select {
		case l.wake <- struct{}{}:
		default:
		}
	})
	if !owned && j.state.CompareAndSwap(jobHeld, jobSettling) {
		l.w.flight.release(j)
		l.w.fail(j, fmt.Errorf("holding the message: its promise belongs to another message"))
	}
}

// publish sends the outputs of j. An error means that one can never be published; nothing
// has been then.
func (l *lane) publish(j *job, outputs []Output) error {
	j.expect(len(outputs))
	for i := range outputs {
		if err := j.sends[i].encode(j, &outputs[i], l.w.rt.Conn.MaxPayload()); err != nil {
			j.sends = nil
			return err
		}
	}
	for i := range j.sends {
		if s := &j.sends[i]; s.msg.Subject == "" {
			j.answered() // there is nothing to store
		} else {
			l.w.publish(s)
		}
	}
	return nil
}

// encode turns an output into what goes on the wire.
func (s *send) encode(j *job, o *Output, maxPayload int64) error {
	header, data, err := events.EncodeBinary(o.Event)
	if err != nil {
		return fmt.Errorf("encoding output %s: %w", o.Subject, err)
	}
	maps.Copy(header, o.Header)
	if o.MsgID != "" {
		header[jetstream.MsgIDHeader] = []string{o.MsgID}
	}
	if int64(len(data)) > maxPayload {
		return fmt.Errorf("output %s has %d bytes, the server takes %d: %w", o.Subject, len(data), maxPayload, nats.ErrMaxPayload)
	}
	*s = send{job: j, once: o.Once, replyTo: o.ReplyTo, stored: o.Stored, msg: nats.Msg{Subject: o.Subject, Header: nats.Header(header), Data: data}}
	return nil
}
