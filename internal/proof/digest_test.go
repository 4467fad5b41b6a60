package proof

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func signer(t *testing.T) (ed25519.PrivateKey, Keys) {
	t.Helper()
	key, err := EnsureKey(filepath.Join(t.TempDir(), "proof.pem"))
	if err != nil {
		t.Fatal(err)
	}
	trusted := Keys{}
	if err := trusted.Trust(KeyID(key) + " # of this test\n"); err != nil {
		t.Fatal(err)
	}
	return key, trusted
}

func TestEverySignedFieldCounts(t *testing.T) {
	t.Parallel()
	key, trusted := signer(t)
	d := Digest{Stream: "WL_EVENTS", Epoch: 7, Lo: 1, Hi: 9, N: 9, At: 5, Root: Hash{1}, Chain: Hash{2}, Previous: Hash{3}}
	good := Sign(d, key)
	if err := good.Check(trusted); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Signed){
		"stream": func(s *Signed) { s.Stream = "WL_ACTIONS" }, "epoch": func(s *Signed) { s.Epoch++ }, "lo": func(s *Signed) { s.Lo++ },
		"hi": func(s *Signed) { s.Hi++ }, "n": func(s *Signed) { s.N-- }, "at": func(s *Signed) { s.At++ }, "root": func(s *Signed) { s.Root[9]++ },
		"chain": func(s *Signed) { s.Chain[9]++ }, "previous": func(s *Signed) { s.Previous[9]++ }, "signature": func(s *Signed) { s.Signature = s.Signature[2:] + s.Signature[:2] },
		"no signature": func(s *Signed) { s.Signature = "" }, "key": func(s *Signed) { s.Key = strings.Repeat("0", 64) },
	} {
		bad := good
		change(&bad)
		if bad.Check(trusted) == nil {
			t.Errorf("a digest with another %s passes", name)
		}
	}
	other, _ := signer(t)
	if Sign(d, other).Check(trusted) == nil {
		t.Error("a digest signed by a stranger passes")
	}
	if Sign(d, other).Hash() != good.Hash() {
		t.Error("another key forks the chain of digests")
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "proof.pem")
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			if key, err := EnsureKey(path); err == nil {
				ids[i] = KeyID(key)
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("keys made at once are %v", ids)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, %v", info.Mode(), err)
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	second, err := EnsureKey(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(PublicPath(path))
	if err != nil {
		t.Fatal(err)
	}
	trusted := Keys{}
	if err := trusted.Trust(string(text)); err != nil || len(trusted) != 2 || trusted[ids[0]] == nil || trusted[KeyID(second)] == nil {
		t.Errorf("after a change of keys %d are published, %v", len(trusted), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: %v", err)
	}
	if err := (Keys{}).Trust("abc"); err == nil {
		t.Error("half a key is trusted")
	}
}
