package stream

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// envelopeRoom is what a dead letter needs beside the message's bytes and headers.
const envelopeRoom = 8 << 10

// bury publishes the dead letter of j, and with it whatever the handler adds. The caller
// passes j on to be settled. Called again for the same job, it leaves the bytes out.
func (w *Worker) bury(j *job, reason error) {
	if j.buried != nil {
		j.bare = true
		reason = j.buried
	}
	j.buried = reason
	letter, err := w.deadLetter(j, reason)
	if err != nil {
		w.logger.Error("dead letter could not be written", "subject", j.msg.Subject, "error", err)
		j.expect(1)
		j.sends[0] = send{job: j, err: err}
		j.answered()
		return
	}
	outputs := append([]Output{letter}, w.lastWords(j, reason)...)
	if err := j.lane.publish(j, outputs); err != nil {
		w.logger.Error("outputs beside a dead letter were left out", "subject", j.msg.Subject, "error", err)
		if err = j.lane.publish(j, outputs[:1]); err != nil {
			j.expect(1)
			j.sends[0] = send{job: j, err: err}
			j.answered()
		}
	}
}

// lastWords asks the handler for more outputs. It may panic as it may have before.
func (w *Worker) lastWords(j *job, reason error) (out []Output) {
	b, ok := w.handler.(Burier)
	if !ok {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			w.logger.Error("handler panicked over a buried message", "subject", j.msg.Subject, "panic", r)
			out = nil
		}
	}()
	return b.Buried(&j.msg, reason)
}

func (w *Worker) deadLetter(j *job, reason error) (Output, error) {
	m := &j.msg
	letter := &events.MessageDead{
		Service: w.cfg.Service, Stream: m.Stream, Sequence: m.Sequence, Subject: text(m.Subject),
		Reason: firstBytes(reason.Error(), 4<<10), Deliveries: m.Deliveries, StoredAt: m.StoredAt,
		Header: readable(m.Header), Data: m.Data, Size: len(m.Data), Digest: events.Digest(m.Data),
	}
	room := int(w.rt.Conn.MaxPayload()) - envelopeRoom
	header := 0
	for k, values := range m.Header {
		for _, v := range values {
			header += len(k) + 6*len(v) // a control character takes six bytes in JSON
		}
	}
	if j.bare || header+len(m.Data)*4/3 > room {
		letter.Data = nil
	}
	if header > room {
		letter.Header = nil
	}
	id := fmt.Sprintf("dead-%s-%s-%d", w.cfg.Service, m.Stream, m.Sequence)
	e, err := events.New(letter, id, "/services/"+w.cfg.Service, w.rt.Now())
	if err != nil {
		return Output{}, errors.Join(reason, err)
	}
	return Output{Subject: w.rt.Subjects.Dead(w.cfg.Service), Event: e.Because(m.Event), MsgID: id}, nil
}

// readable is h as JSON can carry it: a publisher may write any bytes.
func readable(h nats.Header) events.Header {
	out := make(events.Header, len(h))
	for name, values := range h {
		for _, v := range values {
			out[text(name)] = append(out[text(name)], text(v))
		}
	}
	return out
}

func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// firstBytes cuts s to at most n bytes of valid text.
func firstBytes(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

// firstLine cuts s to its first line of at most n bytes.
func firstLine(s string, n int) string {
	s, _, _ = strings.Cut(s, "\n")
	return firstBytes(s, n)
}
