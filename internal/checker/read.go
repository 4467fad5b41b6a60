package checker

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// Read reads what the audited streams of a pipeline hold at this moment.
func Read(ctx context.Context, js jetstream.JetStream, s events.Subjects) (Log, error) {
	log := Log{Subjects: s}
	for name, into := range map[string]*[]Record{"ACTIONS": &log.Actions, "EVENTS": &log.Events, "VERDICTS": &log.Verdicts, "DECISIONS": &log.Decisions} {
		var err error
		if *into, err = stored(ctx, js, s.Stream(name)); err != nil {
			return Log{}, fmt.Errorf("reading %s: %w", s.Stream(name), err)
		}
	}
	return log, nil
}

func stored(ctx context.Context, js jetstream.JetStream, name string) ([]Record, error) {
	handle, err := js.Stream(ctx, name)
	if err != nil {
		return nil, err
	}
	n := int(handle.CachedInfo().State.Msgs)
	consumer, err := handle.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return nil, err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return nil, err
	}
	defer messages.Stop()
	all := make([]Record, 0, n)
	for len(all) < n {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return nil, fmt.Errorf("message %d of %d: %w", len(all)+1, n, err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return nil, err
		}
		// What cannot be decoded stays as it is: an event without a type, which is nothing that counts.
		e, err := events.Decode(events.Header(m.Headers()), m.Data())
		if err != nil {
			e = events.Event{Data: m.Data()}
		}
		all = append(all, Record{Subject: m.Subject(), Sequence: meta.Sequence.Stream, At: meta.Timestamp, Event: e})
	}
	return all, nil
}
