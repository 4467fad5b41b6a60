package sink

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/weighlock/weighlock/internal/safekeeping"
)

// A bucket that is away holds no event up, readiness names it, and once it is back it gets every digest, also of a sink that was
// killed meanwhile.
func TestDigestsReachTheBucketOnceItIsThere(t *testing.T) {
	t.Parallel()
	backend := s3mem.New()
	if err := backend.CreateBucket("proofs"); err != nil {
		t.Fatal(err)
	}
	var there atomic.Bool
	buckets := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !there.Load() {
			http.Error(rw, "away", http.StatusServiceUnavailable)
			return
		}
		buckets.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w := newWorld(t, nil)
	w.cfg.ProofBucket = server.URL + "/proofs/digests?region=r"
	sink := w.start()
	w.fill(0, 60)
	w.caughtUp()
	w.until("readiness to name the bucket", func() bool {
		err := sink.Ready()
		return err != nil && strings.Contains(err.Error(), "in the bucket proofs")
	})
	killed := w.child()
	w.fill(60, 60)
	w.caughtUp()
	killed.kill()
	bucket, err := safekeeping.OpenBucket(w.cfg.ProofBucket)
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[string]bool{}
	for _, d := range w.witnessed() {
		hashes[d.Hash().String()] = true
	}
	w.raw(w.nats.Subjects.Proof("WL_ACTIONS"), nil, []byte("no digest")) // is passed over, and holds nothing up
	there.Store(true)
	if len(hashes) < 2*len(auditedStreams) {
		t.Fatalf("only %d digests: this test proves nothing", len(hashes))
	}
	w.until("all digests to be in the bucket", func() bool {
		kept, err := bucket.All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range kept {
			if !hashes[d.Hash().String()] {
				t.Fatalf("the bucket has a digest of %s that the stream has not", d.Name())
			}
		}
		return len(kept) == len(hashes)
	})
	w.until("readiness", func() bool { return sink.Ready() == nil })
}
