package sink

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/internal/safekeeping"
)

// proofsStream keeps the signed digests outside of ClickHouse.
const proofsStream = "PROOFS"

// attester signs batches. A digest depends on its batch and on the digest before it alone, so that doing a step again does no harm.
type attester struct {
	key       ed25519.PrivateKey
	directory safekeeping.Store // nil for none
}

// newAttester is nil where nothing is to be signed.
func newAttester(c Config) (*attester, error) {
	if c.ProofKey == "" {
		return nil, nil
	}
	key, err := proof.EnsureKey(c.ProofKey)
	if err != nil {
		return nil, err
	}
	a := &attester{key: key}
	if c.ProofDir != "" {
		if a.directory, err = safekeeping.OpenDirectory(c.ProofDir); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// digest describes the batch of entries that the manifest m says comes next.
func (m Manifest) digest(stream string, p Pending, entries []proof.Entry, at time.Time) (proof.Digest, error) {
	d := proof.Digest{Stream: stream, Epoch: m.Epoch, Lo: p.Lo, Hi: p.Hi, N: p.N, At: at.UnixNano(), Root: proof.Root(entries)}
	if err := d.Chain.UnmarshalText([]byte(p.Digest)); err != nil {
		return d, fmt.Errorf("the manifest's pending digest: %w", err)
	}
	if m.LastDigest == "" {
		return d, nil
	}
	if err := d.Previous.UnmarshalText([]byte(m.LastDigest)); err != nil {
		return d, fmt.Errorf("the manifest's last_digest: %w", err)
	}
	return d, nil
}

// attest signs the batch and puts the digest where it belongs, again and again until all took it or ctx ends. It returns the
// digest's hash; what was the last one where nothing is signed.
func (l *loop) attest(ctx context.Context, p Pending, entries []proof.Entry, at time.Time) (string, error) {
	a := l.s.attester
	if a == nil {
		return l.ledger.LastDigest, nil
	}
	d, err := l.ledger.digest(l.stream, p, entries, at)
	if err != nil {
		return "", err
	}
	signed := proof.Sign(d, a.key)
	for wait := firstBackoff; ; wait = min(2*wait, lastBackoff) {
		err := l.deliver(ctx, signed)
		if err == nil || errors.Is(err, errKilled) {
			return d.Hash().String(), err
		}
		if ctx.Err() != nil {
			return "", err
		}
		l.s.setState(l.stream, err)
		l.log.Warn("the batch's digest was not taken", "error", err, "again_in", wait)
		if !pause(ctx, wait) {
			return "", err
		}
		if err := l.mine(ctx); err != nil {
			return "", err
		}
	}
}

// deliver goes to the stream first: what is only in ClickHouse proves nothing.
func (l *loop) deliver(ctx context.Context, signed proof.Signed) error {
	text, err := json.Marshal(signed)
	if err != nil {
		return fmt.Errorf("writing the digest of %s: %w", signed.Name(), err)
	}
	hash := signed.Hash().String()
	if _, err := l.s.js.Publish(ctx, l.s.rt.Subjects.Proof(l.stream), text, jetstream.WithMsgID(hash)); err != nil {
		return fmt.Errorf("publishing the digest of %s: %w", signed.Name(), err)
	}
	if err := l.s.reach(l.stream, stepPublished); err != nil {
		return err
	}
	if to := l.s.attester.directory; to != nil {
		if err := to.Keep(ctx, signed); err != nil {
			return err
		}
	}
	_, err = l.s.client.Query(ctx, l.s.client.Database, `INSERT INTO digests (stream, epoch, lo, hi, n, at, root, chain, previous, hash, key, signature)
		SELECT {stream:String}, {epoch:UInt64}, {lo:UInt64}, {hi:UInt64}, {n:UInt64}, fromUnixTimestamp64Nano({at:Int64}, 'UTC'), {root:String}, {chain:String}, {previous:String}, {hash:String}, {key:String}, {signature:String}`,
		"stream", signed.Stream, "epoch", strconv.FormatUint(signed.Epoch, 10), "lo", strconv.FormatUint(signed.Lo, 10), "hi", strconv.FormatUint(signed.Hi, 10),
		"n", strconv.FormatUint(signed.N, 10), "at", strconv.FormatInt(signed.At, 10), "root", signed.Root.String(), "chain", signed.Chain.String(),
		"previous", signed.Previous.String(), "hash", hash, "key", signed.Key, "signature", signed.Signature)
	if err != nil {
		return fmt.Errorf("inserting the digest of %s: %w", signed.Name(), err)
	}
	return l.s.reach(l.stream, stepAttested)
}

// attestStored signs a pending batch whose messages have left the stream, from what ClickHouse has of it. The chain that the manifest
// had noted before decides whether that is what was written; if it is not, nothing is signed, and verify finds the hole.
func (l *loop) attestStored(ctx context.Context, p Pending) (string, error) {
	if l.s.attester == nil {
		return l.ledger.LastDigest, nil
	}
	answer, err := l.s.client.Query(ctx, l.s.client.Database, `SELECT DISTINCT toString(seq), lower(hex(leaf_hash)), toString(toUnixTimestamp64Nano(stored_at)) FROM events
		WHERE stream = {stream:String} AND epoch = {epoch:UInt64} AND seq BETWEEN {lo:UInt64} AND {hi:UInt64} ORDER BY seq`,
		"stream", l.stream, "epoch", strconv.FormatUint(l.ledger.Epoch, 10), "lo", strconv.FormatUint(p.Lo, 10), "hi", strconv.FormatUint(p.Hi, 10))
	if err != nil {
		return "", fmt.Errorf("reading the batch %d-%d: %w", p.Lo, p.Hi, err)
	}
	chain, err := l.ledger.chain()
	if err != nil {
		return "", err
	}
	var entries []proof.Entry
	var at int64
	for line := range strings.Lines(answer) {
		var e proof.Entry
		var leaf string
		if _, err := fmt.Sscan(line, &e.Seq, &leaf, &at); err != nil {
			return "", fmt.Errorf("reading the batch %d-%d: %w", p.Lo, p.Hi, err)
		}
		if err := e.Leaf.UnmarshalText([]byte(leaf)); err != nil {
			return "", fmt.Errorf("reading the batch %d-%d: %w", p.Lo, p.Hi, err)
		}
		chain = proof.ChainNext(chain, e.Seq, e.Leaf)
		entries = append(entries, e)
	}
	if chain.String() != p.Digest {
		l.log.Error("the batch in ClickHouse is not the one that was written: it is left unsigned", "from", p.Lo, "to", p.Hi)
		return l.ledger.LastDigest, nil
	}
	return l.attest(ctx, p, entries, time.Unix(0, at))
}
