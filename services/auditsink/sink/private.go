package sink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/services/auditsink/schema"
)

const (
	privateConsumer = "auditsink-private"
	privatePull     = 1000
	privateBytes    = 8 << 20
	privateAckWait  = 30 * time.Second
)

// privateLoop copies private values into their table. It keeps no chain: the rows are to be erasable. A batch that is written again after a crash
// gives the same rows, which the table keeps once.
type privateLoop struct {
	s      *Service
	stream string
	log    *slog.Logger
}

func (l *privateLoop) session(ctx context.Context) error {
	handle, err := l.s.js.Stream(ctx, l.stream)
	if err != nil {
		return fmt.Errorf("looking at the stream: %w", err)
	}
	epoch := uint64(handle.CachedInfo().Created.UnixNano())
	_, err = l.s.js.CreateOrUpdateConsumer(ctx, l.stream, jetstream.ConsumerConfig{
		Durable: privateConsumer, Description: "Private values into ClickHouse, from where they can be erased.",
		DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy, AckWait: privateAckWait, MaxDeliver: -1,
		MaxAckPending: 2 * privatePull,
	})
	if err != nil {
		return fmt.Errorf("making the consumer: %w", err)
	}
	pull := newPuller(l.s.rt.Conn, l.stream, privateConsumer, "", privatePull, privateBytes)
	defer pull.end()
	l.s.setState(l.stream, nil)
	for {
		var got []*nats.Msg
		for more := true; more; more = pull.asking() {
			m, err := pull.next(ctx, pullExpiry)
			if err != nil {
				return err
			}
			if m != nil {
				got = append(got, m)
			}
		}
		if err := l.write(ctx, epoch, got); err != nil {
			return err
		}
	}
}

// write stores a batch and acknowledges it.
func (l *privateLoop) write(ctx context.Context, epoch uint64, got []*nats.Msg) error {
	t := newPrivateTable()
	sum := sha256.New()
	for _, m := range got {
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("reading a message's metadata: %w", err)
		}
		fmt.Fprintf(sum, "%d,", meta.Sequence.Stream)
		if err := t.take(l.s.rt.Subjects, m, epoch, meta); err != nil { // never its bytes: a log is not erasable
			l.log.Warn("private values that cannot be read are not in the table; they age out of the stream, or are erased by the action's name",
				"subject", m.Subject, "sequence", meta.Sequence.Stream)
		}
	}
	token := "private:" + strconv.FormatUint(epoch, 10) + ":" + hex.EncodeToString(sum.Sum(nil))
	if t.rows > 0 {
		if err := l.insert(ctx, t, token); err != nil {
			return err
		}
	}
	for _, m := range got {
		if err := m.Ack(); err != nil {
			return fmt.Errorf("acknowledging: %w", err)
		}
	}
	return nil
}

func (l *privateLoop) insert(ctx context.Context, t *privateTable, token string) error {
	err := l.s.insert(ctx, &t.Table, t.rows, token)
	if lacksSchema(err) {
		if err := schema.Apply(ctx, l.s.client); err != nil {
			l.log.Warn("the audit's tables are not ready", "error", err)
		}
	}
	if err != nil {
		l.s.metrics.retries.WithLabelValues(l.stream).Inc()
		return fmt.Errorf("inserting %d rows into %s: %w", t.rows, t.Name, err)
	}
	l.s.metrics.rows.WithLabelValues(l.stream).Add(float64(t.rows))
	return nil
}
