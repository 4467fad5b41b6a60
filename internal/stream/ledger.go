package stream

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

var errNothingStands = errors.New("nothing is stored there yet")

// isConflict reports whether err says that the subject has, or is about to have, its
// one message: discard new per subject, wrong last sequence, or another write in flight.
func isConflict(err error) bool {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case 10077, 10071, 10164:
		return true
	}
	return false
}

// isTooLarge reports whether err says that the message will never fit.
func isTooLarge(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, nats.ErrMaxPayload) || errors.As(err, &api) && api.ErrorCode == 10054
}

// streamOf names the stream that stores subject, "" where the design has none. It is looked up
// here and not asked for, because asking needs a permission and a round trip.
func streamOf(s events.Subjects, subject string) string {
	rest, ok := strings.CutPrefix(subject, s.Prefix()+".")
	if !ok {
		return ""
	}
	kind, _, _ := strings.Cut(rest, ".")
	switch kind {
	case "actions", "withdrawals", "receipts", "answers":
		return s.Stream("ACTIONS")
	case "assessments", "approvals", "grants", "storms", "policies", "dead":
		return s.Stream("EVENTS")
	case "verdicts":
		return s.Stream("VERDICTS")
	case "decisions":
		return s.Stream("DECISIONS")
	case "timers", "due":
		return s.Stream("TIMERS")
	}
	return ""
}

// readBack returns the message that stands on subject, as it was published.
func readBack(conn *nats.Conn, s events.Subjects, subject string, timeout time.Duration) (*nats.Msg, error) {
	stream := streamOf(s, subject)
	if stream == "" {
		return nil, fmt.Errorf("reading back %s: the design has no stream for it", subject)
	}
	m, err := conn.Request("$JS.API.DIRECT.GET."+stream+"."+subject, nil, timeout)
	if err != nil {
		return nil, fmt.Errorf("reading back %s: %w", subject, err)
	}
	if m.Header.Get("Status") == "404" {
		return nil, fmt.Errorf("reading back %s: %w", subject, errNothingStands)
	}
	if m.Header.Get(jetstream.SubjectHeader) != subject {
		return nil, fmt.Errorf("reading back %s: the server answered %q %q", subject, m.Header.Get("Status"), m.Header.Get("Description"))
	}
	return m, nil
}

// forReply makes the copy of a stored message: its events headers and its bytes. Headers that steer a server stay behind; a header without
// any is used as it is.
func forReply(to string, header nats.Header, data []byte) *nats.Msg {
	steers := false
	for k := range header {
		steers = steers || strings.HasPrefix(k, "Nats-")
	}
	if steers {
		header = maps.Clone(header)
		maps.DeleteFunc(header, func(k string, _ []string) bool { return strings.HasPrefix(k, "Nats-") })
	}
	return &nats.Msg{Subject: to, Header: header, Data: data}
}
