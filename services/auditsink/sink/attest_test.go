package sink

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/proof"
)

// witnessed are the digests in the stream PROOFS.
func (w *world) witnessed() []proof.Signed {
	w.t.Helper()
	stream, err := w.js.Stream(w.t.Context(), w.nats.Subjects.Stream(proofsStream))
	if err != nil {
		w.t.Fatal(err)
	}
	var all []proof.Signed
	state := stream.CachedInfo().State
	for seq := state.FirstSeq; seq <= state.LastSeq; seq++ {
		m, err := stream.GetMsg(w.t.Context(), seq)
		if err != nil {
			w.t.Fatal(err)
		}
		var s proof.Signed
		if err := json.Unmarshal(m.Data, &s); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// signed verifies that what the table holds of stream is what was signed, each row of it, and that the directory and the table of
// digests hold what the stream of digests does.
func (w *world) signed(stream string) {
	w.t.Helper()
	kv, err := w.js.KeyValue(w.t.Context(), w.nats.Subjects.Stream(manifestBucket))
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := ReadManifest(w.t.Context(), kv, stream)
	if err != nil {
		w.t.Fatal(err)
	}
	public, err := os.ReadFile(proof.PublicPath(w.cfg.ProofKey))
	if err != nil {
		w.t.Fatal(err)
	}
	trusted, head := proof.Keys{}, proof.Head{HighWater: m.HighWater}
	if err := trusted.Trust(string(public)); err != nil {
		w.t.Fatal(err)
	}
	if err := head.LastDigest.UnmarshalText([]byte(m.LastDigest)); err != nil {
		w.t.Fatal(err)
	}
	hashes, history := map[string]bool{}, proof.NewHistory(stream, m.Epoch, trusted)
	for _, d := range w.witnessed() {
		history.Witnessed(d)
		history.Stored(d)
		if d.Stream == stream && d.Epoch == m.Epoch {
			hashes[d.Hash().String()] = true
		}
	}
	audit := proof.NewAudit(history, head, nil)
	w.pages(m.HighWater, func(where string) {
		rows := w.ask(fmt.Sprintf("SELECT seq, hex(subject), hex(headers_raw), hex(data), lower(hex(leaf_hash)), lower(hex(chain_hash)) FROM events WHERE stream = '%s' AND epoch = %d AND %s ORDER BY seq", stream, m.Epoch, where))
		for line := range strings.Lines(rows) {
			audit.Row(parsed(w.t, strings.Split(strings.TrimRight(line, "\n"), "\t")))
		}
	})
	for _, f := range audit.Close(m.HighWater) {
		w.t.Errorf("%s", f)
	}
	if audit.Signed != audit.Rows || audit.Rows == 0 {
		w.t.Errorf("%s: %d of %d rows are signed", stream, audit.Signed, audit.Rows)
	}
	if got := w.number("SELECT uniqExact(hash) FROM digests WHERE epoch = (SELECT max(epoch) FROM events WHERE stream = '" + stream + "') AND stream = '" + stream + "'"); got != len(hashes) {
		w.t.Errorf("%s: %d digests in the table, %d in the stream", stream, got, len(hashes))
	}
	files, err := filepath.Glob(filepath.Join(w.cfg.ProofDir, stream+".*.json"))
	if err != nil || len(files) < len(hashes) {
		w.t.Errorf("%s: %d digests in the directory, %d in the stream, %v", stream, len(files), len(hashes), err)
	}
}

func parsed(t *testing.T, f []string) proof.Row {
	t.Helper()
	if len(f) != 6 {
		t.Fatalf("the row is %q", f)
	}
	var r proof.Row
	var subject []byte
	_, err := fmt.Sscan(f[0], &r.Seq)
	for i, to := range []*[]byte{&subject, &r.HeadersRaw, &r.Data} {
		b, e := hex.DecodeString(f[i+1])
		*to, err = b, errors.Join(err, e)
	}
	r.Subject = string(subject)
	if err := errors.Join(err, r.Leaf.UnmarshalText([]byte(f[4])), r.Chain.UnmarshalText([]byte(f[5]))); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTwoKeysAreNoFork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.fill(0, 60)
	s := w.service(w.cfg)
	s.reach = func(_, at string) error {
		if at == stepPublished {
			return errKilled
		}
		return nil
	}
	<-w.run(s).done
	if err := os.Rename(w.cfg.ProofKey, w.cfg.ProofKey+".old"); err != nil {
		t.Fatal(err)
	}
	w.start() // with a new key, on the batch whose digest the old one has published
	w.fill(60, 60)
	w.caughtUp()
	w.exactly(120)
	keys := map[string]bool{}
	for _, d := range w.witnessed() {
		keys[d.Key] = true
	}
	if len(keys) != 2 {
		t.Errorf("digests are signed with %d keys, want 2", len(keys))
	}
}

// Nobody may take digests out of their stream, the operator included.
func TestDigestsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	w.fill(0, 10)
	w.caughtUp()
	stream, err := w.js.Stream(t.Context(), w.nats.Subjects.Stream(proofsStream))
	if err != nil {
		t.Fatal(err)
	}
	if stream.DeleteMsg(t.Context(), 1) == nil || stream.Purge(t.Context(), jetstream.WithPurgeKeep(0)) == nil {
		t.Error("a digest could be taken out")
	}
}
