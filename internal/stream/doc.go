// Package stream is the runtime of every service: it consumes a JetStream
// consumer, decodes, handles, publishes every output and waits for its PubAck, and only then
// acknowledges the input.
package stream
