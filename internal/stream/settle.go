package stream

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

var (
	ackBody = []byte("+ACK")
	nakBody = []byte("-NAK")
)

// complete waits for the PubAcks of each job in order and settles it.
func (l *lane) complete() {
	for j := range l.settle {
		for !l.w.settleOne(j) {
		}
	}
}

// settleOne waits for the sends of j and settles it. It reports false where j was turned
// into a dead letter, whose own sends have to be waited for.
func (w *Worker) settleOne(j *job) bool {
	if len(j.sends) > 0 {
		<-j.done
	}
	for i := range j.sends {
		s := &j.sends[i]
		err := w.stored(s)
		switch {
		case err == nil:
		case isTooLarge(err) && !j.bare && !errors.Is(err, errStopped):
			w.bury(j, fmt.Errorf("publishing %s: %w", s.msg.Subject, err))
			return false
		default:
			w.fail(j, fmt.Errorf("publishing %s: %w", s.msg.Subject, err))
			return true
		}
	}
	for i := range j.sends {
		w.reply(&j.sends[i])
	}
	if j.buried != nil {
		w.terminate(j)
	} else {
		w.ack(j)
	}
	return true
}

// stored reports whether what s published is stored, or, on a subject that takes one
// message, whether something is. That then replaces what s carried.
func (w *Worker) stored(s *send) error {
	if s.msg.Subject == "" || !s.once || s.err == nil && !s.duplicate {
		if s.err == nil && s.stored != nil && s.sequence > 0 {
			s.stored(s.sequence)
		}
		return s.err
	}
	if s.err != nil && !isConflict(s.err) && !errors.Is(s.err, errPublishTimeout) {
		return s.err
	}
	standing, err := readBack(w.rt.Conn, w.rt.Subjects, s.msg.Subject, w.cfg.PublishTimeout)
	if err != nil {
		return errors.Join(s.err, err)
	}
	s.msg.Header, s.msg.Data = standing.Header, standing.Data
	return nil
}

// reply copies what was stored to who waits for it. It is the fast way to know; the stream
// is the sure one, so that a failure here is not one of the message.
func (w *Worker) reply(s *send) {
	if s.replyTo == "" {
		return
	}
	err := errNoReplier
	if w.rt.Replier != nil {
		err = w.rt.Replier.PublishMsg(forReply(s.replyTo, s.msg.Header, s.msg.Data))
	}
	if err != nil {
		w.logger.Error("answer was not sent", "subject", s.msg.Subject, "error", err)
	}
}

var errNoReplier = errors.New("the service has no connection for answers")

func (w *Worker) ack(j *job) {
	w.meter.settled(j.msg.StoredAt, w.rt.Now())
	w.answer(j, ackBody)
}

func (w *Worker) terminate(j *job) {
	w.meter.buried.Inc()
	w.logger.Error("message was buried", "subject", j.msg.Subject, "sequence", j.msg.Sequence, "reason", j.buried)
	w.answer(j, append([]byte("+TERM "), firstLine(j.buried.Error(), 200)...))
}

// fail has j tried again after a while, because not everything is stored.
func (w *Worker) fail(j *job, err error) {
	w.meter.failed.Inc()
	if !errors.Is(err, errStopped) {
		w.logger.Warn("message will be tried again", "subject", j.msg.Subject, "sequence", j.msg.Sequence, "after", j.backoff(), "error", err)
	}
	w.nak(j, j.backoff())
}

func (w *Worker) nak(j *job, delay time.Duration) {
	if delay <= 0 {
		w.answer(j, nakBody)
		return
	}
	w.answer(j, fmt.Appendf(nil, `-NAK {"delay": %d}`, delay.Nanoseconds()))
}

// answer tells the server what became of j and lets go of it. An answer that is lost
// leads to a redelivery.
func (w *Worker) answer(j *job, body []byte) {
	if !w.flight.remove(j) {
		return
	}
	if err := w.rt.Conn.Publish(j.reply, body); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		w.logger.Warn("acknowledgement was not sent, the message will be redelivered", "subject", j.msg.Subject, "error", err)
	}
	w.puller.roomFreed()
}
