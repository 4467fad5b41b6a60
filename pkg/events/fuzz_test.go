package events_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/weighlock/weighlock/pkg/events"
)

func asFieldError(err error) (*events.FieldError, bool) {
	var fe *events.FieldError
	return fe, errors.As(err, &fe)
}

func FuzzDecodeStructured(f *testing.F) {
	_, body, err := events.EncodeStructured(oddEvent("a % b"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"s","type":"t","n":1,"data_base64":"AA=="}`))
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"s","type":"t","datacontenttype":"text/plain","data":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := events.Decode(events.Header{"Content-Type": {"application/cloudevents+json"}}, body)
		if err == nil {
			roundTrip(t, e)
		}
	})
}

func FuzzDecodeBinary(f *testing.F) {
	f.Add("a%20b", "2026-01-01T00:00:00Z", "extra", "v", []byte("{}"))
	f.Add("100%", "9999-12-31T23:59:59-01:00", "Bad", "\xff", []byte(nil))
	f.Fuzz(func(t *testing.T, subject, at, name, value string, data []byte) {
		e, err := events.Decode(events.Header{"ce-specversion": {"1.0"}, "ce-id": {"1"}, "ce-source": {"s"}, "ce-type": {"t"}, "ce-subject": {subject}, "ce-time": {at}, "ce-" + name: {value}}, data)
		if err == nil {
			roundTrip(t, e)
		}
	})
}

func roundTrip(t *testing.T, e events.Event) {
	t.Helper()
	for _, encode := range []func(events.Event) (events.Header, []byte, error){events.EncodeBinary, events.EncodeStructured} {
		h, data, err := encode(e)
		if err != nil {
			t.Fatalf("decoded but not encoded: %v", err)
		}
		again, err := events.Decode(h, data)
		if err != nil {
			t.Fatalf("encoded but not decoded: %v", err)
		}
		same(t, again, e)
	}
}

func FuzzArgumentsDigest(f *testing.F) {
	f.Add([]byte(`{"b":[1.0,1e400,"<"],"a":{"x":null}}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Add([]byte(`{"c":[{"z":1,"\u0062":{"y":"\n\u003c\/","x":[{"k":1,"aa":2}]},"a":true}],"b\"":-0.0,"b":[[],{}],"a":""}`))
	f.Fuzz(func(t *testing.T, args []byte) {
		d, err := events.ArgumentsDigest(args)
		if err != nil {
			return
		}
		spaced, err := events.ArgumentsDigest(json.RawMessage(" " + string(args) + "\n"))
		if err != nil || spaced != d {
			t.Fatalf("white space changed the digest: %v", err)
		}
		if want := events.Digest(plainCanonical(t, args)); d != want {
			t.Fatalf("%q: digest %s, of the canonical form %s", args, d, want)
		}
	})
}

// plainCanonical writes arguments in canonical form, the slow way.
func plainCanonical(t *testing.T, args []byte) []byte {
	t.Helper()
	values := any(map[string]any{})
	if len(bytes.TrimSpace(args)) > 0 {
		dec := json.NewDecoder(bytes.NewReader(args))
		dec.UseNumber()
		if err := dec.Decode(&values); err != nil {
			t.Fatalf("%q has a digest and is no JSON: %v", args, err)
		}
	}
	var write func(dst []byte, v any) []byte
	quote := func(dst []byte, s string) []byte {
		dst, err := jsontext.AppendQuote(dst, s)
		if err != nil {
			t.Fatal(err)
		}
		return dst
	}
	write = func(dst []byte, v any) []byte {
		switch v := v.(type) {
		case map[string]any:
			dst = append(dst, '{')
			for i, key := range slices.Sorted(maps.Keys(v)) {
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = write(append(quote(dst, key), ':'), v[key])
			}
			return append(dst, '}')
		case []any:
			dst = append(dst, '[')
			for i, e := range v {
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = write(dst, e)
			}
			return append(dst, ']')
		case string:
			return quote(dst, v)
		case nil:
			return append(dst, "null"...)
		default:
			return fmt.Append(dst, v)
		}
	}
	return write(nil, values)
}

func FuzzSubjects(f *testing.F) {
	f.Add("wl.actions.a.b")
	f.Add("wl.verdicts.self.alice.r1")
	f.Add("wl.due.r1.01.7")
	f.Fuzz(func(t *testing.T, subject string) {
		s, err := events.NewSubjects("")
		if err != nil {
			t.Fatal(err)
		}
		check := func(built string, err error) {
			if err == nil && built != subject {
				t.Errorf("%q was taken apart and built as %q", subject, built)
			}
		}
		if kind, a, b, err := s.ParseAction(subject); err == nil {
			check("wl."+kind+"."+a+"."+b, nil)
		}
		level, a, b, err := s.ParseAssessment(subject)
		check(s.Assessment(level, a, b), err)
		group, step, r, err := s.ParseApproval(subject)
		check(s.Approval(group, step, r), err)
		c, p, r, err := s.ParseVerdict(subject)
		check(s.Verdict(c, p, r), err)
		a, b, err = s.ParseDecision(subject)
		check(s.Decision(a, b), err)
		r, tier, gen, err := s.ParseDue(subject)
		check(s.Due(r, tier, gen), err)
		service, err := s.ParseDead(subject)
		check(s.Dead(service), err)
	})
}

func FuzzCheckReplyTo(f *testing.F) {
	f.Add("billing", "_INBOX.billing.x.1")
	f.Add("*", "_INBOX.*.x")
	f.Add("billing", "_INBOX.billing.>")
	f.Fuzz(func(t *testing.T, agent, replyTo string) {
		if events.CheckReplyTo(agent, replyTo) != nil {
			return
		}
		if !strings.HasPrefix(replyTo, "_INBOX."+agent+".") || strings.ContainsAny(replyTo, "*> \t\r\n") || strings.Contains(replyTo, "..") || strings.HasSuffix(replyTo, ".") {
			t.Errorf("agent %q may be answered at %q", agent, replyTo)
		}
	})
}
