package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest says what one batch held. The same batch always has the same digest.
type Digest struct {
	Stream string `json:"stream"`
	Epoch  uint64 `json:"epoch"`
	Lo     uint64 `json:"lo"` // first sequence
	Hi     uint64 `json:"hi"` // last sequence
	N      uint64 `json:"n"`  // events; fewer than Hi-Lo+1 where messages had been deleted
	At     int64  `json:"at"` // when the stream stored the last event, Unix nanoseconds
	Root   Hash   `json:"root"`
	Chain  Hash   `json:"chain"` // chain hash of the last event
	// Previous is the hash of the stream's digest before this one; zero for the first.
	Previous Hash `json:"previous"`
}

// body is what is hashed and signed. Names of streams hold no line break.
func (d Digest) body() []byte {
	return fmt.Appendf(nil, "%s%s\n%d\n%d\n%d\n%d\n%d\n%s\n%s\n%s\n",
		digestDomain, d.Stream, d.Epoch, d.Lo, d.Hi, d.N, d.At, d.Root, d.Chain, d.Previous)
}

// Hash is what the next digest names. It leaves the signature out, so that a changed key does not fork the chain.
func (d Digest) Hash() Hash { return sha256.Sum256(d.body()) }

// Name says which batch it is, for people.
func (d Digest) Name() string { return fmt.Sprintf("%s %d-%d", d.Stream, d.Lo, d.Hi) }

// Signed is a digest with its signature.
type Signed struct {
	Digest

	Key       string `json:"key"`       // the public key, 64 hex digits
	Signature string `json:"signature"` // Ed25519, 128 hex digits
}

// Sign signs d.
func Sign(d Digest, key ed25519.PrivateKey) Signed {
	return Signed{Digest: d, Key: KeyID(key), Signature: hex.EncodeToString(ed25519.Sign(key, d.body()))}
}

// Check is nil where s was signed with a key of trusted.
func (s Signed) Check(trusted Keys) error {
	key, ok := trusted[s.Key]
	if !ok {
		return fmt.Errorf("the digest of %s is signed with the key %.64q, which is not among the trusted ones", s.Name(), s.Key)
	}
	signature, err := hex.DecodeString(s.Signature)
	if err != nil || !ed25519.Verify(key, s.body(), signature) {
		return fmt.Errorf("the signature of the digest of %s is wrong", s.Name())
	}
	return nil
}
