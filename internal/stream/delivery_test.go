package stream

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

func TestParseDelivery(t *testing.T) {
	t.Parallel()
	want := delivery{stream: "S", deliveries: 2, sequence: 7, storedAt: time.Unix(0, 1700000000000000001), pending: 9}
	for _, reply := range []string{
		"$JS.ACK.S.C.2.7.5.1700000000000000001.9",
		"$JS.ACK.hub.HASH.S.C.2.7.5.1700000000000000001.9",
		"$JS.ACK.hub.HASH.S.C.2.7.5.1700000000000000001.9.random",
	} {
		if d, err := parseDelivery(reply); err != nil || d != want {
			t.Errorf("%s: %+v, %v", reply, d, err)
		}
	}
	for _, reply := range []string{"", "_INBOX.x", "$JS.ACK.", "$JS.ACK.S.C.2.7.5.17", "$JS.ACK.S.C.x.7.5.17.9", "$JS.ACK.S.C.2.7.5.17.-9"} {
		if d, err := parseDelivery(reply); err == nil {
			t.Errorf("%q was taken for a delivery: %+v", reply, d)
		}
	}
}

func TestParsePubAck(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		pubAck
		err string
	}{
		`{"stream":"S","seq":4}`:                                                               {pubAck: pubAck{sequence: 4}},
		`{"stream":"S","domain":"hub","seq":18446744073709551615}`:                             {pubAck: pubAck{sequence: 18446744073709551615}},
		`{"stream":"S","seq":4,"val":"5"}`:                                                     {pubAck: pubAck{sequence: 4}},
		`{"stream":"S","domain":"hub","seq":4,"duplicate":true}`:                               {pubAck: pubAck{sequence: 4, duplicate: true}},
		`{"stream":"S","duplicate":true,"seq":4}`:                                              {pubAck: pubAck{sequence: 4, duplicate: true}},
		`{"stream":"S","seq":18446744073709551616}`:                                            {err: "decoding"},
		`{"error":{"code":400,"err_code":10077,"description":"maximum"},"stream":"S","seq":0}`: {err: "maximum"},
		`{"stream":"S","error":{"code":400,"err_code":10077,"description":"maximum"},"seq":7}`: {err: "maximum"},
		`{"stream":"S","seq":0,"error":{"code":503,"err_code":10008,"description":"away"}}`:    {err: "away"},
		`{}`:          {err: "invalid"},
		`{"stream":"`: {err: "decoding"},
		``:            {err: "invalid"},
	} {
		ack, err := parsePubAck(&nats.Msg{Data: []byte(body)})
		if ack != want.pubAck || (err == nil) != (want.err == "") || err != nil && !strings.Contains(err.Error(), want.err) {
			t.Errorf("%s: %+v, %v", body, ack, err)
		}
	}
	if _, err := parsePubAck(&nats.Msg{Header: nats.Header{"Status": {"503"}}}); !errors.Is(err, errNoStream) {
		t.Errorf("no responders: %v", err)
	}
}

func TestAgentKey(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{
		"wl.actions.billing.a1":          "billing",
		"wl.decisions.billing.a1":        "billing",
		"wl.assessments.high.billing.a1": "billing",
		"wl.verdicts.self.alice.r1":      "self",
		"wl.dead.router":                 "router",
		"odd":                            "odd",
	} {
		if got := AgentKey(&Message{Subject: subject}); got != want {
			t.Errorf("%s: key %q, want %q", subject, got, want)
		}
	}
}

func TestBackoffGrowsAndStops(t *testing.T) {
	t.Parallel()
	last := time.Duration(0)
	for deliveries := range 100 {
		j := job{msg: Message{Deliveries: deliveries}}
		d := j.backoff()
		if d < last || d <= 0 || d > 15*time.Second {
			t.Fatalf("delivery %d waits %s after %s", deliveries, d, last)
		}
		last = d
	}
	if last != 15*time.Second {
		t.Errorf("backoff ends at %s", last)
	}
}

func TestConfigErrorsNameTheField(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*Config){
		"Service":        func(c *Config) { c.Service = "a.b" },
		"Stream":         func(c *Config) { c.Stream = "" },
		"Consumer":       func(c *Config) { c.Consumer = "*" },
		"Workers":        func(c *Config) { c.Workers = -1 },
		"Batch":          func(c *Config) { c.Batch = -1 },
		"MaxInFlight":    func(c *Config) { c.MaxInFlight = -1 },
		"Drain":          func(c *Config) { c.Drain = -1 },
		"PublishTimeout": func(c *Config) { c.PublishTimeout = -1 },
		"AckWait":        func(c *Config) { c.AckWait = time.Millisecond },
		"PinnedTTL":      func(c *Config) { c.PinnedTTL = time.Millisecond },
	} {
		c := Config{Service: "s", Stream: "S", Consumer: "c"}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&c)
		var fe *events.FieldError
		if err := c.Validate(); !errors.As(err, &fe) || fe.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
