package proof

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const pemType = "PRIVATE KEY"

// Keys are public keys that are trusted, by their id.
type Keys map[string]ed25519.PublicKey

// KeyID names the public half of key: 64 hex digits, the key itself.
func KeyID(key ed25519.PrivateKey) string {
	return hex.EncodeToString(key[ed25519.SeedSize:]) // the second half, by definition
}

// Trust adds the public keys in text: one of 64 hex digits a line, # begins a remark.
func (k Keys) Trust(text string) error {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		b, err := hex.DecodeString(line)
		if err != nil || len(b) != ed25519.PublicKeySize {
			return fmt.Errorf("%.80q is not a public key: write 64 hex digits, one key a line", line)
		}
		k[hex.EncodeToString(b)] = b
	}
	return nil
}

// PublicPath is where the public keys of all signing keys that were ever made at path are kept.
func PublicPath(path string) string { return path + ".pub" }

// ReadKey reads a signing key: PKCS #8 in PEM, as `openssl genpkey -algorithm ed25519` writes it. A file that others may read is refused.
func ReadKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the signing key %s may be read by others (mode %04o): run `chmod 600 %s`, and make a new key if that was so for long", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("the signing key %s is not PEM: make one with `openssl genpkey -algorithm ed25519`", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key %s: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the signing key %s is not an Ed25519 key: make one with `openssl genpkey -algorithm ed25519`", path)
	}
	return key, nil
}

// EnsureKey reads the signing key at path and makes one if there is none. Its public half is in PublicPath afterwards: to change the
// key, move the file away. Two callers at once end with the same key.
func EnsureKey(path string) (ed25519.PrivateKey, error) {
	key, err := ReadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKey(path); err == nil {
			key, err = ReadKey(path)
		}
	}
	if err != nil {
		return nil, err
	}
	return key, publish(PublicPath(path), KeyID(key))
}

// makeKey puts a new key at path, whole or not at all, and never over another one.
func makeKey(path string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("making a signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("making a signing key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making a signing key: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("making a signing key: %w", err)
	}
	defer os.Remove(tmp.Name())
	err = pem.Encode(tmp, &pem.Block{Type: pemType, Bytes: der})
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("making a signing key: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making a signing key: %w", err)
	}
	return nil
}

// publish appends id to the list at path unless it is there.
func publish(path, id string) error {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the public keys: %w", err)
	}
	if strings.Contains(string(text), id) {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // public keys
	if err != nil {
		return fmt.Errorf("keeping the public key: %w", err)
	}
	_, err = f.WriteString(id + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keeping the public key: %w", err)
	}
	return nil
}
