package sink

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/proof"
)

// Manifest is how far one stream has been written, kept in the KV bucket AUDIT under the stream's name. When a stream is made anew
// its last manifest moves to "<stream>.<epoch>".
type Manifest struct {
	// Epoch is when the stream was created, in Unix nanoseconds: a stream made anew counts from 1 again. Where it lost its end and used
	// sequences again, it is when that was noticed, and Created when it was created.
	Epoch   uint64 `json:"epoch"`
	Created uint64 `json:"created,omitempty"`
	// HighWater is the last sequence that is in ClickHouse with everything before it.
	HighWater uint64 `json:"high_water"`
	// Pending is the batch that may or may not be in ClickHouse; nil between batches.
	Pending *Pending `json:"pending,omitempty"`
	// ChainHead is the chain hash of the row HighWater, in hex.
	ChainHead string `json:"chain_head"`
	// LastDigest is the hash of the digest that was signed last, in hex; empty before the first.
	LastDigest string `json:"last_digest,omitempty"`
}

// Pending names one batch.
type Pending struct {
	Lo uint64 `json:"lo"` // first sequence
	Hi uint64 `json:"hi"` // last sequence
	N  uint64 `json:"n"`  // rows; fewer than Hi-Lo+1 where messages were deleted
	// Digest is the chain hash after Hi, which covers every row before it.
	Digest string `json:"digest"`
}

// of says whether the manifest is of the stream that was created then, in Unix nanoseconds.
func (m Manifest) of(created uint64) bool { return cmp.Or(m.Created, m.Epoch) == created }

func (m Manifest) chain() (Hash, error) {
	var h Hash
	b, err := hex.DecodeString(m.ChainHead)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("the manifest's chain_head %q is not a SHA-256 value", m.ChainHead)
	}
	return Hash(b), nil
}

// ledger reads and writes one stream's manifest. The revision it last saw is the fence.
type ledger struct {
	kv       jetstream.KeyValue
	stream   string
	revision uint64
	Manifest
}

// load reads the manifest of the stream that was created then. Where there is one of another, it asks which one is there now: whoever has not
// noticed yet that the stream was made anew starts over. The other's manifest is kept aside, where it is found if that stream is restored.
func (l *ledger) load(ctx context.Context, created uint64, now func(context.Context) (uint64, error)) error {
	entry, err := l.kv.Get(ctx, l.stream)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		l.revision = 0
		return l.store(ctx, begin(l.stream, created))
	}
	if err != nil {
		return fmt.Errorf("reading the manifest of %s: %w", l.stream, err)
	}
	var m Manifest
	if err := json.Unmarshal(entry.Value(), &m); err != nil {
		return fmt.Errorf("reading the manifest of %s: %w", l.stream, err)
	}
	l.revision, l.Manifest = entry.Revision(), m
	if m.of(created) {
		return nil
	}
	if current, err := now(ctx); err != nil || current != created {
		return cmp.Or(err, errAgain)
	}
	if _, err := l.kv.Put(ctx, aside(l.stream, m.Epoch), entry.Value()); err != nil {
		return fmt.Errorf("keeping the manifest %s: %w", aside(l.stream, m.Epoch), err)
	}
	next, err := ReadManifest(ctx, l.kv, aside(l.stream, created))
	if err != nil {
		return err
	}
	if next.Epoch != created {
		next = begin(l.stream, created)
	}
	return l.store(ctx, next)
}

// aside is the key of the manifest of an epoch that is over.
func aside(stream string, epoch uint64) string { return fmt.Sprintf("%s.%d", stream, epoch) }

func begin(stream string, epoch uint64) Manifest {
	return Manifest{Epoch: epoch, ChainHead: proof.ChainStart(stream, epoch).String()}
}

// store replaces the manifest if nobody else has since it was read. After an error it is not known what is stored: load again.
func (l *ledger) store(ctx context.Context, m Manifest) error {
	value, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", l.stream, err)
	}
	revision, err := l.kv.Update(ctx, l.stream, value, l.revision)
	if err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", l.stream, err)
	}
	l.revision, l.Manifest = revision, m
	return nil
}

// replaced says whether somebody else has stored a manifest since: whoever did goes on from there, and what this sink was about to do is done.
func (l *ledger) replaced(ctx context.Context) (bool, error) {
	entry, err := l.kv.Get(ctx, l.stream)
	if err != nil {
		return false, fmt.Errorf("reading the manifest of %s: %w", l.stream, err)
	}
	return entry.Revision() > l.revision, nil
}
