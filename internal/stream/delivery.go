package stream

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

var errNotDelivered = errors.New("message was not delivered by a JetStream consumer")

// delivery is what the server says about a delivery in its reply subject.
type delivery struct {
	stream     string
	deliveries int
	sequence   uint64
	storedAt   time.Time
	pending    uint64
}

// parseDelivery reads "$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<consumer
// sequence>.<time>.<pending>", or the longer form that has domain and account after "$JS.ACK".
func parseDelivery(reply string) (delivery, error) {
	rest, ok := strings.CutPrefix(reply, "$JS.ACK.")
	if !ok {
		return delivery{}, errNotDelivered
	}
	var t [10]string
	n := 0
	for ; n < len(t); n++ {
		token, after, more := strings.Cut(rest, ".")
		t[n] = token
		if rest = after; !more {
			n++
			break
		}
	}
	first := 0
	switch {
	case n == 7:
	case n >= 9:
		first = 2
	default:
		return delivery{}, errNotDelivered
	}
	var numbers [5]uint64
	for i := range numbers {
		v, err := strconv.ParseUint(t[first+2+i], 10, 64)
		if err != nil {
			return delivery{}, errNotDelivered
		}
		numbers[i] = v
	}
	return delivery{
		stream: t[first], deliveries: int(numbers[0]), sequence: numbers[1],
		storedAt: time.Unix(0, int64(numbers[3])), pending: numbers[4],
	}, nil
}

// newMessage makes the message of a delivery, without its event.
func newMessage(m *nats.Msg, d delivery) Message {
	return Message{
		Subject: m.Subject, Header: m.Header, Data: m.Data, Stream: d.stream, Sequence: d.sequence,
		StoredAt: d.storedAt, Deliveries: d.deliveries,
	}
}
