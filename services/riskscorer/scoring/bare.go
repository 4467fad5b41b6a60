package scoring

import (
	"context"

	"github.com/weighlock/weighlock/pkg/events"
)

// batch reads on in a feed, up to the sequence last.
func (h *history) batch(ctx context.Context, s *feed, last uint64) ([]stored, error) {
	if s.bare && !s.at.IsZero() {
		if batch, ok, err := h.bareBatch(ctx, s); ok || err != nil {
			return batch, err
		}
	}
	return read(ctx, h.conn, s.stream, query{Seq: s.next, Batch: int(min(batchMessages, last-s.next+1)), MaxBytes: batchBytes})
}

// bareBatch reads on without headers, and so without subjects and times. What happened is counted by the second: where the message
// before the batch and its last one were stored in the same second, so was all between them. ok is false where the batch has to be read
// with headers. The ledger, of which this is made, gives nothing up and holds decisions only.
func (h *history) bareBatch(ctx context.Context, s *feed) (batch []stored, ok bool, err error) {
	newest, err := read(ctx, h.conn, s.stream, query{Last: ">"})
	if err != nil || len(newest) == 0 {
		return nil, false, err
	}
	end := newest[0]
	if end.sequence < s.next {
		return nil, true, nil
	}
	if end.sequence-s.next >= batchMessages {
		there, err := read(ctx, h.conn, s.stream, query{Seq: s.next + batchMessages - 1})
		if err != nil || len(there) == 0 {
			return nil, false, err
		}
		end = there[0]
	}
	if end.at.Unix() != s.at.Unix() {
		return nil, false, nil
	}
	n := int(end.sequence - s.next + 1)
	all, err := readBare(ctx, h.conn, s.stream, s.next, n)
	if err != nil || len(all) == 0 {
		return nil, false, err
	}
	for i, data := range all {
		batch = append(batch, stored{data: data, sequence: s.next + uint64(i), at: end.at})
	}
	return batch, true, nil
}

// eventOf is the event of a message; of one that was read without headers it is known by its stream what it is.
func eventOf(m stored, kind string) (events.Event, error) {
	if m.Msg == nil {
		return events.Event{Type: kind, Data: m.data}, nil
	}
	return events.Decode(events.Header(m.Header), m.Data)
}
