package proof

import (
	"errors"
	"fmt"
)

// BundleVersion is the version of what Bundle is written as.
const BundleVersion = 1

// Bundle proves, without any database, that each of its events was written as it is here. It does not prove that there were no others.
type Bundle struct {
	Version int      `json:"version"`
	Events  []Proven `json:"events"`
}

// Proven is one event with its way to a signed root.
type Proven struct {
	Seq     uint64 `json:"seq"`
	Subject string `json:"subject"`
	Headers []byte `json:"headers"` // as name:value CR LF, sorted by name
	Data    []byte `json:"data"`
	Index   uint64 `json:"index"` // place in the batch, from 0
	Path    []Hash `json:"path"`
	Digest  Signed `json:"digest"`
}

// Prove finds event among the entries of the batch that digest signs.
func Prove(event Proven, entries []Entry, digest Signed) (Proven, error) {
	for i, e := range entries {
		if e.Seq == event.Seq {
			event.Index, event.Path, event.Digest = uint64(i), Path(entries, i), digest
			return event, event.root()
		}
	}
	return event, fmt.Errorf("%s %d is not among the rows of its batch %d-%d", digest.Stream, event.Seq, digest.Lo, digest.Hi)
}

// root is nil where the event leads to the root of its digest.
func (p Proven) root() error {
	e := Entry{Seq: p.Seq, Leaf: LeafHash(p.Subject, p.Headers, p.Data)}
	root, err := Climb(e, p.Index, p.Digest.N, p.Path)
	if err == nil && (root != p.Digest.Root || p.Seq < p.Digest.Lo || p.Seq > p.Digest.Hi) {
		err = errors.New("the event is not the one in the signed batch")
	}
	if err != nil {
		return fmt.Errorf("%s %d (%s): %w", p.Digest.Stream, p.Seq, p.Subject, err)
	}
	return nil
}

// Check is nil where every event leads to a root that is signed with a trusted key. A bundle of nothing proves nothing.
func (b Bundle) Check(trusted Keys) error {
	if b.Version != BundleVersion {
		return fmt.Errorf("the proof has version %d, and only %d is known: use the weighlock that wrote it", b.Version, BundleVersion)
	}
	if len(b.Events) == 0 {
		return errors.New("the proof holds no events")
	}
	var all []error
	for _, p := range b.Events {
		all = append(all, p.Digest.Check(trusted), p.root())
	}
	return errors.Join(all...)
}
