// Package proof decides whether a record of events is the one that was written: hash chain, Merkle trees, signed digests.
//
// It is pure: rows and digests go in, findings come out. What is covered by what:
//
//	leaf    subject, headers and data of one event
//	chain   the leaf, its sequence, and the chain before it
//	digest  one batch: the Merkle root over (sequence, leaf), the chain's end, the digest before it, signed with Ed25519
package proof
