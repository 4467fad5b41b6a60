// Package events is Weighlock's contract: the CloudEvents envelope and its NATS
// codec, one file per event type, and the subjects everything travels on.
//
// Everything that crosses a process boundary is defined here and nowhere else.
// A published event version only ever gains optional fields, so a decoder keeps
// what it does not know: [Event.Data] holds the exact bytes received and
// [Event.Extensions] every attribute without a field of its own.
package events
