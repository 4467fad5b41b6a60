package main

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
)

// What an agent sends as the server's word, or hides it with, is in the timeline like the rest.
func TestTraceShowsHostileMessages(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	js, err := jetstream.New(s.Connect(t, authz.TheOperator(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})))
	if err != nil {
		t.Fatal(err)
	}
	mallory := authz.Identity{Kind: authz.Agent, Name: "mallory"}
	const status, hidden, broken = "NATS/1.0 404 No Messages\r\n\r\n", "NATS/1.0\r\nNats-Time-Stamp: 2000-01-01T00:00:00Z\r\n\r\n\r\n", "NATS/1.0\r\nno colon\r\n\r\n"
	subjects := []string{s.Subjects.Action("mallory", "a"), s.Subjects.Withdrawal("mallory", "a"), s.Subjects.Receipt("mallory", "a"), s.Subjects.Answer("mallory", "a", "q-1")}
	for i, header := range []string{hidden, status, broken, ""} {
		s.PublishBytes(t, mallory, subjects[i], header, strings.Repeat("{}", (i+1)%2))
	}
	all, err := readStream(t.Context(), js, s.Subjects, "ACTIONS", subjects)
	if err != nil || len(all) != len(subjects) {
		t.Fatalf("%d of %d moments: %v", len(all), len(subjects), err)
	}
	for i, m := range all {
		if m.Subject != subjects[i] || time.Since(m.At) > time.Hour {
			t.Errorf("%s is shown as %s at %s", subjects[i], m.Subject, m.At)
		}
	}
}
