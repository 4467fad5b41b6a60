package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	// watchEvery is how often it is looked how late the audit is.
	watchEvery = 15 * time.Second
	// lateAt is the part of a stream's retention that its oldest unwritten event may have used before it is said; inTimeAt is when it is over.
	lateAt, inTimeAt = 0.5, 0.4
)

// overdue is how late the audit of one stream is.
type overdue struct {
	stream          string
	behind          uint64
	oldest, expires time.Time // of the first event that is not written; zero where there is none, or nothing expires
	used            float64   // the part of its retention that it has used
}

func (o *overdue) Error() string {
	return fmt.Sprintf("%d events are not written, and the first of them leaves the stream at %s", o.behind, o.expires.UTC().Format(time.RFC3339))
}

// watcher looks from time to time how late the audit is, also while ClickHouse is away, which is when it matters.
func (s *Service) watcher(ctx context.Context) {
	for {
		for _, name := range s.followed() {
			if err := s.watch(ctx, name); err != nil && ctx.Err() == nil {
				s.log.Warn("looking how late the audit is failed, and is tried again", "stream", name, "error", err)
			}
		}
		if !pause(ctx, watchEvery) {
			return
		}
	}
}

// watch looks at one stream, and says so when its events are in danger.
func (s *Service) watch(ctx context.Context, name string) error {
	o, err := s.overdue(ctx, name)
	if err != nil {
		return err
	}
	s.metrics.behind.WithLabelValues(name).Set(float64(o.behind))
	s.metrics.used.WithLabelValues(name).Set(o.used)
	s.mu.Lock()
	_, said := s.late[name]
	switch {
	case o.used >= lateAt:
		s.late[name] = o
	case o.used < inTimeAt:
		delete(s.late, name)
	}
	s.mu.Unlock()
	if said || o.used < lateAt {
		return nil
	}
	s.log.Error("the audit is dangerously late", "stream", name, "behind", o.behind, "expires", o.expires)
	return s.tell(ctx, o)
}

// tell publishes that events are in danger.
func (s *Service) tell(ctx context.Context, o *overdue) error {
	id := fmt.Sprintf("behind/%s/%d", o.stream, o.oldest.UnixNano())
	e, err := events.New(&events.AuditBehind{Stream: o.stream, Behind: o.behind, Oldest: o.oldest, Expires: o.expires}, id, "/services/"+Name, s.rt.Now())
	if err != nil {
		return err
	}
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return err
	}
	_, err = s.js.PublishMsg(ctx, &nats.Msg{Subject: s.rt.Subjects.Audit(o.stream), Header: nats.Header(header), Data: data}, jetstream.WithMsgID(id))
	if err != nil {
		s.mu.Lock()
		delete(s.late, o.stream) // the next look says it
		s.mu.Unlock()
		return fmt.Errorf("saying that the audit of %s is late: %w", o.stream, err)
	}
	return nil
}

func (s *Service) overdue(ctx context.Context, name string) (*overdue, error) {
	handle, err := s.js.Stream(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("looking at the stream: %w", err)
	}
	info := handle.CachedInfo()
	o := &overdue{stream: name}
	written, err := s.written(ctx, name, uint64(info.Created.UnixNano()))
	if err != nil || info.State.Msgs == 0 || info.State.LastSeq <= written {
		return o, err
	}
	m, err := bucket.Next(ctx, s.rt.Conn, name, written+1)
	if err != nil {
		return nil, fmt.Errorf("reading the oldest event that is not written: %w", err)
	}
	if m == nil {
		return o, nil
	}
	if o.oldest, err = m.StoredAt(); err != nil {
		return nil, fmt.Errorf("reading the oldest event that is not written: %w", err)
	}
	o.behind = max(info.State.LastSeq, m.Sequence) - m.Sequence + 1
	if age := info.Config.MaxAge; age > 0 {
		o.expires, o.used = o.oldest.Add(age), float64(s.rt.Now().Sub(o.oldest))/float64(age)
	}
	return o, nil
}

// written is the last sequence that is in ClickHouse with everything before it.
func (s *Service) written(ctx context.Context, name string, epoch uint64) (uint64, error) {
	if name == s.rt.Subjects.Stream("PRIVATE") {
		consumer, err := s.js.Consumer(ctx, name, privateConsumer)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			return 0, nil
		}
		if err != nil {
			return 0, fmt.Errorf("looking at the consumer: %w", err)
		}
		return consumer.CachedInfo().AckFloor.Stream, nil
	}
	kv, err := s.js.KeyValue(ctx, s.rt.Subjects.Stream(manifestBucket))
	if err != nil {
		return 0, fmt.Errorf("opening the bucket of manifests: %w", err)
	}
	return storedOf(ctx, kv, name, epoch)
}
