package sink

import (
	"encoding/json"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/weighlock/weighlock/internal/clickhouse"
	"github.com/weighlock/weighlock/pkg/events"
)

// deadTable collects rows of the table dead_letters.
type deadTable struct {
	clickhouse.Table
	stream, service, originStream      lowCol
	epoch, seq, originSeq, size        u64Col
	storedAt, originTime               timeCol
	subject, reason, originSubject     strCol
	originHeaders, originData, dataSum strCol
	leaf                               hashCol
}

func newDeadTable() *deadTable {
	t := &deadTable{Table: clickhouse.Table{Name: "dead_letters"}}
	t.stream, t.epoch, t.seq, t.storedAt = t.Low("stream"), t.U64("epoch"), t.U64("seq"), t.Time("stored_at", proto.PrecisionNano)
	t.subject, t.service, t.reason = t.Str("subject"), t.Low("service"), t.Str("reason")
	t.originStream, t.originSeq = t.Low("origin_stream"), t.U64("origin_seq")
	t.originSubject, t.originTime = t.Str("origin_subject"), t.Time("origin_stored_at", proto.PrecisionNano)
	t.originHeaders, t.originData, t.size, t.dataSum = t.Str("origin_headers"), t.Str("origin_data"), t.U64("origin_size"), t.Str("origin_digest")
	t.leaf = t.Fixed("leaf_hash", len(Hash{}))
	return t
}

// wanted says whether r leaves a dead letter: it is one, or it could not be decoded.
func wanted(r *row) bool { return !r.decoded || r.kind == "dead" }

// append adds the letter that r carries. A letter that cannot be read is itself what could not be decoded.
func (t *deadTable) append(o origin, r *row) {
	var m events.MessageDead
	headers := r.headersRaw
	if r.kind == "dead" && r.decoded && json.Unmarshal(r.ev.Data, &m) == nil {
		headers, _ = canonicalHeaders(nil, nil, m.Header)
	} else {
		m = itself(o, r)
	}
	t.stream.Append(o.stream)
	t.epoch.Append(o.epoch)
	t.seq.Append(r.seq)
	t.storedAt.Append(at(r.storedAt))
	t.subject.Append(r.subject)
	t.service.Append(m.Service)
	t.reason.Append(m.Reason)
	t.originStream.Append(m.Stream)
	t.originSeq.Append(m.Sequence)
	t.originSubject.Append(m.Subject)
	t.originTime.Append(at(m.StoredAt))
	t.originHeaders.AppendBytes(headers)
	t.originData.AppendBytes(m.Data)
	t.size.Append(uint64(max(m.Size, 0)))
	t.dataSum.Append(m.Digest)
	t.leaf.Append(r.leaf[:])
}

func itself(o origin, r *row) events.MessageDead {
	reason := r.problem
	if r.kind == "dead" && r.decoded {
		reason = "the dead letter's data cannot be read"
	}
	return events.MessageDead{
		Service: Name, Stream: o.stream, Sequence: r.seq, Subject: r.subject, Reason: reason, Deliveries: 1,
		StoredAt: r.storedAt.In(time.UTC), Data: r.data, Size: len(r.data), Digest: events.Digest(r.data),
	}
}
