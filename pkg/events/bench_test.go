package events_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

var benchTime = time.Date(2026, 11, 23, 9, 30, 0, 123456789, time.UTC)

// benchAction is a proposed action of about 1 KiB, as an agent sends it.
func benchAction() *events.ActionProposed {
	reversible := false
	return &events.ActionProposed{
		Breakpoint: events.AtToolCall, Tool: "sql.execute",
		Arguments: json.RawMessage(`{"statement":"DELETE FROM customers WHERE churned_at < '2024-01-01'","database":"crm","timeout_s":30}`),
		Target:    &events.Target{Kind: "database", Name: "customers", Environment: "production"},
		Request:   "Please remove the customers who left before 2024, legal asked for it. " + strings.Repeat("They must be gone by Friday. ", 6),
		Reasoning: "The retention policy says two years; these rows are older. " + strings.Repeat("I counted the rows first. ", 6),
		Impact:    &events.Impact{Summary: "about 1,200 rows are deleted", Reversible: &reversible},
		Memory:    []events.MemoryItem{{Origin: "wiki/retention", Trusted: true, Text: "Customer data is kept for two years after churn."}},
		Session:   "s-2026-11-23-7", Principal: "dana@example.com",
	}
}

func benchEvent(b *testing.B) events.Event {
	b.Helper()
	e, err := events.New(benchAction(), "01JD8Z5V7Q9W3K2M4N6P8R0T1X", "/agents/billing", benchTime)
	if err != nil {
		b.Fatal(err)
	}
	e.Subject, e.ReplyTo = "billing/a-17", "_INBOX.billing.Kx72hQ.1"
	e.TraceParent, e.CausationID = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "01JD8Z5V7Q9W3K2M4N6P8R0T1W"
	e.PolicyVersion = "sha256:9f86d081884c7d65"
	return e
}

func BenchmarkNew(b *testing.B) {
	p := benchAction()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := events.New(p, "id", "/agents/billing", benchTime); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeBinary(b *testing.B) {
	e := benchEvent(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := events.EncodeBinary(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	h, data, err := events.EncodeBinary(benchEvent(b))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := events.Decode(h, data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAs(b *testing.B) {
	e := benchEvent(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := events.As[events.ActionProposed](e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkArgumentsDigest(b *testing.B) {
	args := benchAction().Arguments
	b.ReportAllocs()
	for b.Loop() {
		if _, err := events.ArgumentsDigest(args); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkThreeHops is the codec's whole part in one action: made, sent, received and read three times.
func BenchmarkThreeHops(b *testing.B) {
	p := benchAction()
	b.ReportAllocs()
	for b.Loop() {
		for range 3 {
			e, err := events.New(p, "id", "/agents/billing", benchTime)
			if err != nil {
				b.Fatal(err)
			}
			h, data, err := events.EncodeBinary(e)
			if err != nil {
				b.Fatal(err)
			}
			if e, err = events.Decode(h, data); err != nil {
				b.Fatal(err)
			}
			if _, err := events.As[events.ActionProposed](e); err != nil {
				b.Fatal(err)
			}
		}
	}
}
