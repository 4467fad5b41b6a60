// Package streamtest breaks servers, connections and messages under a worker and
// checks that nothing is lost: the conformance suite of [github.com/weighlock/weighlock/internal/stream].
package streamtest
