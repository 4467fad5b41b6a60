package scoring

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
)

// Bounds of one batch that is read.
const (
	batchMessages = 500
	batchBytes    = 8 << 20
	answerWithin  = 5 * time.Second
)

// query is the body of a direct get, which needs no consumer: the server answers with each message
// and then status 204.
type query struct {
	Seq       uint64     `json:"seq,omitempty"`
	StartTime *time.Time `json:"start_time,omitempty"`
	Next      string     `json:"next_by_subj,omitempty"`
	Last      string     `json:"last_by_subj,omitempty"`
	Batch     int        `json:"batch,omitempty"`
	MaxBytes  int        `json:"max_bytes,omitempty"`
	Bare      bool       `json:"no_hdr,omitempty"`
}

// after asks for the one message that the answer brings after a sequence; 0 for the first.
func (q query) after(before uint64) map[string]any {
	one := make(map[string]any, 2)
	if q.Last != "" {
		one["last_by_subj"] = q.Last
		return one
	}
	if q.Next != "" {
		one["next_by_subj"] = q.Next
	} else if q.Batch > 0 {
		one["next_by_subj"] = ">"
	}
	switch {
	case before > 0:
		one["seq"] = before + 1
	case q.StartTime != nil:
		one["start_time"] = q.StartTime
	default:
		one["seq"] = q.Seq
	}
	return one
}

// stored is one message that was read.
type stored struct {
	*nats.Msg // nil for one without headers, of which there is only data

	data     []byte
	sequence uint64
	subject  string // "" without headers
	at       time.Time
}

// read asks stream and returns the messages, none where nothing matches.
func read(ctx context.Context, conn *nats.Conn, stream string, q query) (all []stored, err error) {
	_, err = ask(ctx, conn, stream, q, func(m *nats.Msg) error {
		s, err := storedOf(m)
		all = append(all, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// readBare reads n messages from the sequence first on, without their headers, which cost server and reader several times as much as what is
// in the messages. Without headers nothing says which is which, so it returns none where not exactly those n are there.
func readBare(ctx context.Context, conn *nats.Conn, stream string, first uint64, n int) (all [][]byte, err error) {
	last, err := ask(ctx, conn, stream, query{Seq: first, Batch: n, MaxBytes: batchBytes, Bare: true}, func(m *nats.Msg) error {
		all = append(all, m.Data)
		return nil
	})
	if err != nil || len(all) != n || last != first+uint64(n)-1 {
		return nil, err
	}
	return all, nil
}

// ask hands every message of the answer to take, and returns the sequence of the last one of a batch.
func ask(ctx context.Context, conn *nats.Conn, stream string, q query, take func(*nats.Msg) error) (last uint64, err error) {
	failed := func(err error) (uint64, error) { return 0, fmt.Errorf("reading stream %s: %w", stream, err) }
	body, err := json.Marshal(q)
	if err != nil {
		return failed(err)
	}
	// As much room as an answer takes: the client's own is half a MiB for each question.
	answers := make(chan *nats.Msg, max(q.Batch, 1)+1)
	sub, err := conn.ChanSubscribe(conn.NewInbox(), answers)
	if err != nil {
		return failed(err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
	if err := conn.PublishRequest("$JS.API.DIRECT.GET."+stream, sub.Subject, body); err != nil {
		return failed(err)
	}
	var before uint64
	for {
		m, err := q.next(ctx, conn, stream, answers, before)
		switch {
		case err != nil:
			return failed(err)
		case m == nil && q.Batch == 0:
			return 0, nil
		case m == nil:
			continue
		}
		sequence, status, err := saidOf(m)
		if err != nil {
			return failed(err)
		}
		if sequence > 0 && sequence <= before { // what was gone by the time it was read exactly gave its place to this one
			continue
		}
		before = max(before, sequence)
		switch status {
		case "":
			if err := take(m); err != nil {
				return failed(err)
			}
			if q.Batch == 0 {
				return 0, nil
			}
		case "204":
			last, _ = strconv.ParseUint(m.Header.Get("Nats-Last-Sequence"), 10, 64) // 0 where an older server does not say
			return last, nil
		case "404":
			return 0, nil
		default:
			return failed(fmt.Errorf("the server answered %s %s", status, m.Header.Get("Description")))
		}
	}
}

// next waits for the next message of an answer, and reads it exactly where its header cannot be trusted; nil where it is gone by then. Each has its
// time: an agent decides how many take longer.
func (q query) next(ctx context.Context, conn *nats.Conn, stream string, answers <-chan *nats.Msg, before uint64) (*nats.Msg, error) {
	waiting, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	select {
	case m := <-answers:
		if bucket.Whole(m) {
			return m, nil
		}
		return bucket.Exact(waiting, conn, stream, q.after(before))
	case <-waiting.Done():
		return nil, waiting.Err()
	}
}

// saidOf is the sequence of a message, or else the status that the server answers with; neither for a message without headers.
func saidOf(m *nats.Msg) (sequence uint64, status string, err error) {
	at := bucket.Served(m.Header, jetstream.SequenceHeader)
	if at == "" {
		return 0, m.Header.Get("Status"), nil
	}
	if sequence, err = strconv.ParseUint(at, 10, 64); err != nil { // whatever "Status" it has, its publisher wrote it
		err = fmt.Errorf("reading a message's sequence: %w", err)
	}
	return sequence, "", err
}

// storedOf takes off what the server adds to a message that is read.
func storedOf(m *nats.Msg) (stored, error) {
	s := stored{Msg: m, subject: bucket.Served(m.Header, jetstream.SubjectHeader)}
	var err error
	if s.sequence, err = strconv.ParseUint(bucket.Served(m.Header, jetstream.SequenceHeader), 10, 64); err != nil {
		return s, fmt.Errorf("reading a message's sequence: %w", err)
	}
	if s.at, err = time.Parse(time.RFC3339Nano, bucket.Served(m.Header, jetstream.TimeStampHeaer)); err != nil {
		return s, fmt.Errorf("reading a message's time: %w", err)
	}
	for _, name := range []string{jetstream.SubjectHeader, jetstream.SequenceHeader, jetstream.TimeStampHeaer, jetstream.StreamHeader, "Nats-Num-Pending", "Nats-Last-Sequence"} {
		m.Header.Del(name)
	}
	return s, nil
}
