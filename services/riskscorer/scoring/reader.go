package scoring

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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
}

// stored is one message that was read.
type stored struct {
	*nats.Msg

	sequence uint64
	subject  string
	at       time.Time
}

// read asks stream and returns the messages, none where nothing matches.
func read(ctx context.Context, conn *nats.Conn, stream string, q query) ([]stored, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("reading stream %s: %w", stream, err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	sub, err := conn.SubscribeSync(conn.NewInbox())
	if err != nil {
		return nil, fmt.Errorf("reading stream %s: %w", stream, err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // a closed connection has none left
	if err := conn.PublishRequest("$JS.API.DIRECT.GET."+stream, sub.Subject, body); err != nil {
		return nil, fmt.Errorf("reading stream %s: %w", stream, err)
	}
	var all []stored
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading stream %s: %w", stream, err)
		}
		switch status := m.Header.Get("Status"); status {
		case "":
			s, err := storedOf(m)
			if err != nil {
				return nil, fmt.Errorf("reading stream %s: %w", stream, err)
			}
			if all = append(all, s); q.Batch == 0 {
				return all, nil
			}
		case "204", "404":
			return all, nil
		default:
			return nil, fmt.Errorf("reading stream %s: the server answered %s %s", stream, status, m.Header.Get("Description"))
		}
	}
}

// storedOf takes off what the server adds to a message that is read.
func storedOf(m *nats.Msg) (stored, error) {
	s := stored{Msg: m, subject: m.Header.Get(jetstream.SubjectHeader)}
	var err error
	if s.sequence, err = strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64); err != nil {
		return s, fmt.Errorf("reading a message's sequence: %w", err)
	}
	if s.at, err = time.Parse(time.RFC3339Nano, m.Header.Get(jetstream.TimeStampHeaer)); err != nil {
		return s, fmt.Errorf("reading a message's time: %w", err)
	}
	for _, name := range []string{jetstream.SubjectHeader, jetstream.SequenceHeader, jetstream.TimeStampHeaer, jetstream.StreamHeader, "Nats-Num-Pending", "Nats-Last-Sequence"} {
		m.Header.Del(name)
	}
	return s, nil
}
