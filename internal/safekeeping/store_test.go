package safekeeping

import (
	"bytes"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/weighlock/weighlock/internal/proof"
)

func TestMain(m *testing.M) {
	os.Setenv("AWS_ACCESS_KEY_ID", "test")
	os.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	os.Exit(m.Run())
}

var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func digest(stream string, lo uint64) proof.Signed {
	return proof.Sign(proof.Digest{Stream: stream, Epoch: 1, Lo: lo, Hi: lo + 9, N: 10, At: int64(lo)}, key)
}

// buckets is a server of buckets with one of that name.
func buckets(t *testing.T, name string) (url string, backend gofakes3.Backend) {
	t.Helper()
	backend = s3mem.New()
	if err := backend.CreateBucket(name); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	return server.URL + "/" + name, backend
}

// everyStore runs a test on each kind of store; spoil puts bytes there under a name, as an intruder would.
func everyStore(t *testing.T, test func(t *testing.T, store Store, place string, spoil func(name, text string))) {
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "digests")
		store, err := OpenDirectory(dir)
		if err != nil {
			t.Fatal(err)
		}
		test(t, store, dir, func(name, text string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("bucket", func(t *testing.T) {
		t.Parallel()
		url, backend := buckets(t, "proofs")
		url += "/weighlock/eu?region=eu-central-1"
		store, err := OpenBucket(url)
		if err != nil {
			t.Fatal(err)
		}
		test(t, store, url, func(name, text string) {
			if _, err := backend.PutObject("proofs", "weighlock/eu/"+name, map[string]string{"Last-Modified": time.Now().UTC().Format(http.TimeFormat)}, strings.NewReader(text), int64(len(text)), nil); err != nil {
				t.Fatal(err)
			}
		})
	})
}

func TestKeptDigestsComeBack(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, store Store, place string, _ func(string, string)) {
		var all sync.WaitGroup
		for i := range 40 { // each from two sinks at once, and once more
			for range 2 {
				all.Go(func() {
					if err := store.Keep(t.Context(), digest("WL_EVENTS", uint64(10*i+1))); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if err := store.Keep(t.Context(), digest("WL_EVENTS", 1)); err != nil {
			t.Fatal(err)
		}
		reader, err := Open(place)
		if err != nil {
			t.Fatal(err)
		}
		got, err := reader.All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seen := map[proof.Hash]bool{}
		for _, d := range got {
			if err := d.Check(proof.Keys{proof.KeyID(key): key.Public().(ed25519.PublicKey)}); err != nil {
				t.Error(err)
			}
			seen[d.Hash()] = true
		}
		if len(got) != 40 || len(seen) != 40 {
			t.Errorf("%d digests, %d of them different, came back of 40", len(got), len(seen))
		}
	})
}

// What is kept stays as it is, also where the name is taken by something else.
func TestNothingIsWrittenOver(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, store Store, _ string, spoil func(string, string)) {
		d := digest("WL_EVENTS", 1)
		spoil(nameOf(d), `{"stream":"WL_OTHER"}`)
		if err := store.Keep(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		got, err := store.All(t.Context())
		if err != nil || len(got) != 1 || got[0].Stream != "WL_OTHER" {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// A bucket that does not know how to refuse an object that is there gets it all the same.
func TestABucketThatKnowsNoConditions(t *testing.T) {
	t.Parallel()
	url, backend := buckets(t, "proofs")
	plain := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotImplemented)
			_, _ = w.Write([]byte(`<Error><Code>NotImplemented</Code><Message>no conditions</Message></Error>`))
			return
		}
		plain.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	store, err := OpenBucket(strings.Replace(url, url[:strings.LastIndex(url, "/")], server.URL, 1) + "?region=r")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.Keep(t.Context(), digest("WL_EVENTS", 1)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := store.All(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWhatIsNoDigestIsNamed(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, store Store, _ string, spoil func(string, string)) {
		spoil("README", "not looked at")
		spoil("huge.json", strings.Repeat("x", 2*maxDigest))
		if _, err := store.All(t.Context()); err == nil || !strings.Contains(err.Error(), "huge.json") {
			t.Errorf("got %v", err)
		}
	})
}

func TestPlacesThatAreNone(t *testing.T) {
	t.Parallel()
	for place, want := range map[string]string{
		"https://host.example.com":               "is no bucket",
		"https:///bucket":                        "is no bucket",
		"https://user:secret@host.example.com/b": "holds credentials",
		"/no/such/directory":                     "is no directory",
	} {
		if _, err := Open(place); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", place, err)
		}
	}
}

func TestABucketThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	url, _ := buckets(t, "proofs")
	store, err := OpenBucket(strings.Replace(url, "proofs", "elsewhere", 1) + "?region=r")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Keep(t.Context(), digest("WL_EVENTS", 1)); err == nil || !strings.Contains(err.Error(), "elsewhere") {
		t.Errorf("got %v", err)
	}
}
