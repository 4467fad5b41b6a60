// Package evidence reads what the audit has written, and what was signed of it, and puts it before internal/proof.
package evidence

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/internal/safekeeping"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

// Place is where the evidence is.
type Place struct {
	ClickHouseURL string
	JetStream     jetstream.JetStream
	Subjects      events.Subjects
	Trusted       proof.Keys
	// Kept are digests from outside of the pipeline, which are believed like those of the stream; nil for none.
	Kept safekeeping.Store
}

// manifests are the sink's notes by "stream epoch", those of streams that were made anew included.
func (p Place) manifests(ctx context.Context) (map[part]sink.Manifest, error) {
	kv, err := p.JetStream.KeyValue(ctx, p.Subjects.Stream("AUDIT"))
	if err != nil {
		return nil, fmt.Errorf("opening the bucket of manifests: %w", err)
	}
	keys, err := kv.Keys(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, fmt.Errorf("listing the manifests: %w", err)
	}
	found := map[part]sink.Manifest{}
	for _, key := range keys {
		m, err := sink.ReadManifest(ctx, kv, key)
		if err != nil {
			return nil, err
		}
		stream, _, _ := strings.Cut(key, ".")
		found[part{stream, m.Epoch}] = m
	}
	return found, nil
}

// part is one epoch of one stream.
type part struct {
	stream string
	epoch  uint64
}

// witnessed hands over the digests of a part that are in the stream of digests, at least those of batches that ended since then.
func (p Place) witnessed(ctx context.Context, at part, since time.Time, each func(proof.Signed)) error {
	name := p.Subjects.Stream("PROOFS")
	config := jetstream.OrderedConsumerConfig{FilterSubjects: []string{p.Subjects.Proof(at.stream)}}
	if since.Unix() > 0 { // a digest is published after its batch has ended, by the clocks of two servers
		from := since.Add(-time.Hour)
		config.DeliverPolicy, config.OptStartTime = jetstream.DeliverByStartTimePolicy, &from
	}
	failed := func(err error) error { return fmt.Errorf("reading %s: %w", name, err) }
	consumer, err := p.JetStream.OrderedConsumer(ctx, name, config)
	if err != nil {
		return failed(err)
	}
	info, err := consumer.Info(ctx)
	if err != nil {
		return failed(err)
	}
	if info.NumPending == 0 {
		return nil
	}
	messages, err := consumer.Messages()
	if err != nil {
		return failed(err)
	}
	defer messages.Stop()
	for range info.NumPending {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return failed(err)
		}
		var s proof.Signed
		if err := json.Unmarshal(msg.Data(), &s); err != nil {
			return failed(fmt.Errorf("%q is no digest: %w", msg.Subject(), err))
		}
		if s.Stream == at.stream && s.Epoch == at.epoch {
			each(s)
		}
	}
	return nil
}

// What stored is asked for: the digests of batches that ended since a time and the one before them, or those that cover a sequence.
const (
	sinceWhere    = "(at >= {since:Int64} OR lo IN (SELECT max(lo) FROM digests WHERE stream = {stream:String} AND epoch = {epoch:UInt64} AND toUnixTimestamp64Nano(at) < {since:Int64}))"
	coveringWhere = "lo <= {seq:UInt64} AND hi >= {seq:UInt64}"
)

func sinceParams(since time.Time) map[string]string {
	return map[string]string{"since": fmt.Sprint(since.UnixNano())}
}

// stored hands over the digests of a part that ClickHouse has.
func (p Place) stored(ctx context.Context, at part, where string, params map[string]string, each func(proof.Signed)) error {
	values := map[string]string{"stream": at.stream, "epoch": fmt.Sprint(at.epoch)}
	maps.Copy(values, params)
	sql := `SELECT stream, epoch, lo, hi, n, toUnixTimestamp64Nano(at) AS at, root, chain, previous, key, signature FROM digests
		WHERE stream = {stream:String} AND epoch = {epoch:UInt64} AND ` + where + " ORDER BY lo"
	return ask.Rows(ctx, p.ClickHouseURL, sql, values, func(row []byte) error {
		var d struct {
			proof.Signed

			Epoch uint64 `json:"epoch,string"` //nolint:tagliatelle // 64 bits come in quotes
			Lo    uint64 `json:"lo,string"`
			Hi    uint64 `json:"hi,string"`
			N     uint64 `json:"n,string"`
			At    int64  `json:"at,string"`
		}
		if err := json.Unmarshal(row, &d); err != nil {
			return fmt.Errorf("a row of digests cannot be read: %w", err)
		}
		d.Signed.Epoch, d.Signed.Lo, d.Signed.Hi, d.Signed.N, d.Signed.At = d.Epoch, d.Lo, d.Hi, d.N, d.At
		each(d.Signed)
		return nil
	})
}

// stored row: what the table events has of an event.
type storedRow struct {
	proof.Row

	columns []string
}

// rows calls each for the rows of one part behind a sequence, in order, those that no merge has collapsed yet included.
func (p Place) rows(ctx context.Context, at part, behind uint64, where string, params map[string]string, each func(storedRow) error) error {
	values := map[string]string{"stream": at.stream, "epoch": fmt.Sprint(at.epoch), "behind": fmt.Sprint(behind)}
	maps.Copy(values, params)
	sql := "SELECT seq, subject, headers_raw, data, leaf_hash, chain_hash, " + sink.RereadColumns() + ` FROM events
		WHERE stream = {stream:String} AND epoch = {epoch:UInt64} AND seq > {behind:UInt64} ` + where + " ORDER BY seq, leaf_hash"
	r, w := io.Pipe()
	go func() { w.CloseWithError(ask.With(ctx, p.ClickHouseURL, sql, "RowBinary", values, w)) }()
	defer r.Close()
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		row, err := readRow(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the rows of %s: %w", at.stream, err)
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

// maxBytes bounds one value, so that a broken answer cannot ask for all memory.
const maxBytes = 1 << 30

// readRow reads one row of RowBinary; io.EOF only where no row begins.
func readRow(in *bufio.Reader) (storedRow, error) {
	var row storedRow
	var seq [8]byte
	if _, err := io.ReadFull(in, seq[:]); err != nil {
		return row, err
	}
	row.Seq = binary.LittleEndian.Uint64(seq[:])
	var err error
	text := func() []byte {
		var b []byte
		if err == nil {
			b, err = readBytes(in)
		}
		return b
	}
	row.Subject, row.HeadersRaw, row.Data = string(text()), text(), text()
	for _, h := range []*proof.Hash{&row.Leaf, &row.Chain} {
		if err == nil {
			_, err = io.ReadFull(in, h[:])
		}
	}
	var n uint64
	if err == nil {
		n, err = binary.ReadUvarint(in)
	}
	for ; n > 0 && err == nil; n-- {
		row.columns = append(row.columns, string(text()))
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return row, err
}

func readBytes(in *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	if n > maxBytes {
		return nil, fmt.Errorf("a value of %d bytes is not one of ours", n)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(in, b)
	return b, err
}
