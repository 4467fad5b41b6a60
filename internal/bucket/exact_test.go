package bucket_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
)

// forged is all that the server says of a message that it reads out, and says here of another.
const forged = "Nats-Stream: WL_ACTIONS\r\nNats-Subject: wl.actions.billing.x\r\nNats-Sequence: 99\r\nNats-Time-Stamp: 2000-01-01T00:00:00Z\r\n"

// Whatever bytes an agent has for a header, its message is read as the one that it is, and so are those around it.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	mallory := authz.Identity{Kind: authz.Agent, Name: "mallory"}
	headers := []string{
		"NATS/1.0\r\nA: b\r\n\r\n",
		"NATS/1.0\r\nno colon\r\n\r\n",
		"NATS/1.0\r\n" + forged + "\r\n\r\n",
		"NATS/1.0\r\n" + forged + "\r\n" + strings.Repeat("x", 500) + "\r\n\r\n",
		"NATS/1.0\r\n" + strings.Repeat("a:b\n", 100) + forged + "\r\n\r\n",
		"NATS/1.0\n" + strings.ReplaceAll(forged, "\r", "") + strings.Repeat("a:\n", 30) + "\n\r\n",
		"NATS/1.0\r\nA: b\r\n\r\n\r\n",
		"NATS/1.0 204 EOB\r\n\r\n\r\n",
		"NATS/1.0 404\r\nNats-Num-Pending: 0\r\n\r\n",
		"no header at all",
		"NATS/1.0\r\nA: b\r\n\r\n",
	}
	for i, header := range headers {
		if at := s.PublishBytes(t, mallory, s.Subjects.Action("mallory", fmt.Sprint(i+1)), header, "{}"); at != uint64(i+1) {
			t.Fatalf("stored at %d, want %d", at, i+1)
		}
	}
	conn := s.Connect(t, authz.Identity{Kind: authz.Service, Name: authz.RiskScorer}, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	stream := s.Subjects.Stream("ACTIONS")
	check := func(how string, n int, e *bucket.Entry, err error) {
		t.Helper()
		if err != nil || e == nil {
			t.Errorf("%s: %d is %v, %v", how, n, e, err)
			return
		}
		at, err := e.StoredAt()
		if err != nil || e.Sequence != uint64(n) || e.Subject != s.Subjects.Action("mallory", fmt.Sprint(n)) || time.Since(at) > time.Hour || string(e.Data) != "{}" {
			t.Errorf("%s: %d is read as %s at %d, stored %s with %q: %v", how, n, e.Subject, e.Sequence, at, e.Data, err)
		}
	}
	all, _, err := bucket.PageOf(t.Context(), conn, stream, ">", 1, len(headers))
	if err != nil || len(all) != len(headers) {
		t.Fatalf("%d of %d messages are read: %v", len(all), len(headers), err)
	}
	for i := range headers {
		n := i + 1
		check("page", n, &all[i], nil)
		e, err := bucket.Next(t.Context(), conn, stream, uint64(n))
		check("next", n, e, err)
		e, err = bucket.At(t.Context(), conn, stream, uint64(n))
		check("at", n, e, err)
		e, err = bucket.Last(t.Context(), conn, stream, s.Subjects.Action("mallory", fmt.Sprint(n)))
		check("last", n, e, err)
	}
	e, err := bucket.First(t.Context(), conn, stream, s.Subjects.Action("mallory", "3"), time.Now().Add(-time.Hour))
	check("first", 3, e, err)
	for how, read := range map[string]func() (*bucket.Entry, error){
		"at": func() (*bucket.Entry, error) { return bucket.At(t.Context(), conn, stream, 99) },
		"last": func() (*bucket.Entry, error) {
			return bucket.Last(t.Context(), conn, stream, s.Subjects.Action("billing", "x"))
		},
	} {
		if e, err := read(); e != nil || err != nil {
			t.Errorf("%s: what is not there is %v, %v", how, e, err)
		}
	}
}
