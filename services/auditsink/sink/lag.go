package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// StreamLag is how far the audit of one stream is.
type StreamLag struct {
	Stream string
	Last   uint64 // last sequence in the stream
	Stored uint64 // last sequence that is in ClickHouse with everything before it
}

// Behind is how many sequences are not yet in ClickHouse.
func (l StreamLag) Behind() uint64 { return l.Last - min(l.Last, l.Stored) }

// Lag reads, for every audited stream, its end and then its manifest: when every Behind is 0, all that was stored before the call is
// in ClickHouse. nc must be allowed to look at the streams and to read the bucket AUDIT.
func Lag(ctx context.Context, nc *nats.Conn, s events.Subjects) ([]StreamLag, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("using JetStream: %w", err)
	}
	kv, err := js.KeyValue(ctx, s.Stream(manifestBucket))
	if err != nil {
		return nil, fmt.Errorf("opening the bucket of manifests: %w", err)
	}
	lags := make([]StreamLag, 0, len(auditedStreams))
	for _, name := range auditedStreams {
		lag, err := lagOf(ctx, js, kv, s.Stream(name))
		if err != nil {
			return nil, err
		}
		lags = append(lags, lag)
	}
	return lags, nil
}

func lagOf(ctx context.Context, js jetstream.JetStream, kv jetstream.KeyValue, name string) (StreamLag, error) {
	lag := StreamLag{Stream: name}
	handle, err := js.Stream(ctx, name)
	if err != nil {
		return lag, fmt.Errorf("looking at %s: %w", name, err)
	}
	info := handle.CachedInfo()
	if lag.Stored, err = storedOf(ctx, kv, name, uint64(info.Created.UnixNano())); err != nil {
		return lag, err
	}
	lag.Last = info.State.LastSeq
	if info.State.Msgs == 0 { // nothing is left that could still be written
		lag.Last = lag.Stored
	}
	return lag, nil
}

// storedOf is the last sequence that is in ClickHouse with everything before it, of the stream that was created then.
func storedOf(ctx context.Context, kv jetstream.KeyValue, name string, created uint64) (uint64, error) {
	m, err := ReadManifest(ctx, kv, name)
	if err != nil || !m.of(created) {
		return 0, err
	}
	return m.HighWater, nil
}

// ReadManifest reads a stream's manifest from the bucket AUDIT; the zero manifest where the sink has not begun.
func ReadManifest(ctx context.Context, kv jetstream.KeyValue, name string) (Manifest, error) {
	entry, err := kv.Get(ctx, name)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Manifest{}, nil
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("reading the manifest of %s: %w", name, err)
	}
	var m Manifest
	if err := json.Unmarshal(entry.Value(), &m); err != nil {
		return Manifest{}, fmt.Errorf("reading the manifest of %s: %w", name, err)
	}
	return m, nil
}

// CaughtUp says whether all that was stored in the audited streams before the call is in ClickHouse.
func CaughtUp(ctx context.Context, nc *nats.Conn, s events.Subjects) (bool, error) {
	lags, err := Lag(ctx, nc, s)
	if err != nil {
		return false, err
	}
	for _, l := range lags {
		if l.Behind() > 0 {
			return false, nil
		}
	}
	return true, nil
}
