package sink

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// poisoner makes messages that are no events, each in one of these ways, and now and then one that is odd and yet an event.
type poisoner struct{ *rand.Rand }

func (p poisoner) bytes(n int) []byte {
	b := make([]byte, p.IntN(n)+1)
	for i := range b {
		b[i] = byte(p.Uint32())
	}
	return b
}

// text is a header's value: anything but what ends a line, and without the space around it, which the protocol does not keep.
func (p poisoner) text() string {
	return strings.TrimSpace(strings.NewReplacer("\r", "r", "\n", "n", "\x00", "0").Replace(string(p.bytes(40))))
}

func (p poisoner) next(id int) (header nats.Header, data []byte, isEvent bool) {
	header = nats.Header{"ce-specversion": {"1.0"}, "ce-id": {strconv.Itoa(id)}, "ce-source": {"/x"}, "ce-type": {events.ActionProposedType}}
	whole := fmt.Appendf(nil, `{"tool":"t","arguments":{"n":[%d,"\"}"]},"request":"%d"}`, p.Uint64(), p.Uint32())
	switch p.IntN(10) {
	case 0: // bytes
		return header, append([]byte{byte(p.IntN(8))}, p.bytes(300)...), false
	case 1: // cut off
		return header, whole[:1+p.IntN(len(whole)-1)], false
	case 2: // a required header is missing
		names := []string{"ce-specversion", "ce-id", "ce-source", "ce-type"}
		delete(header, names[p.IntN(len(names))])
		return header, whole, false
	case 3: // or there twice
		header["ce-id"] = []string{p.text(), p.text()}
		return header, whole, false
	case 4:
		header["ce-time"] = []string{"x" + p.text()}
		return header, whole, false
	case 5:
		header["ce-specversion"] = []string{"9" + p.text()}
		return header, whole, false
	case 6: // structured mode, cut off
		text := fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"/x","type":"t.x","data":%s}`, id, whole)
		return nats.Header{"Content-Type": {"application/cloudevents+json"}}, []byte(text[:1+p.IntN(len(text)-1)]), false
	case 7:
		return nil, p.bytes(300), false
	case 8:
		return nats.Header{"X-" + strconv.Itoa(p.IntN(99)): {p.text()}, "Nats-Pin-Id": {"forged"}}, p.bytes(2000), false
	default: // of types nobody expects
		values := []string{"7", "null", `[{}]`, `{"a":{"b":[1e99]}}`, `"\u0000\ud800"`, "true", `-0.0`}
		pick := func() string { return values[p.IntN(len(values))] }
		return header, fmt.Appendf(nil, `{"tool":%s,"arguments":%s,"target":%s,"items":%s,"rules":%s,"score":%s,"time":%s}`, pick(), pick(), pick(), pick(), pick(), pick(), pick()), true
	}
}

// Ten thousand random and malformed messages are all in events with their bytes, each that is no event is explained, and what
// comes behind them is not held up.
func TestTenThousandPoisoned(t *testing.T) {
	t.Parallel()
	const n = 10_000
	w := newWorld(t, nil)
	w.cfg.BatchRows = 3000
	s := w.nats.Subjects
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	p := poisoner{rand.New(rand.NewPCG(seed, 0))}
	w.start()
	leaves, malformed := map[string]bool{}, 0
	for i := range n {
		header, data, isEvent := p.next(i)
		subject := s.Action("mallory", "p-"+strconv.Itoa(i))
		seq := w.raw(subject, maps.Clone(header), data)
		leaves[fmt.Sprintf("%d\t%s", seq, LeafOf(subject, header, data))] = true
		if !isEvent {
			malformed++
		}
	}
	w.fill(0, 5)
	w.caughtUp()
	stream := s.Stream("ACTIONS")
	rows := 0
	for line := range strings.Lines(w.ask("SELECT seq, lower(hex(leaf_hash)) FROM events FINAL WHERE agent = 'mallory'")) {
		rows++
		if !leaves[strings.TrimSpace(line)] {
			t.Errorf("the row %s is not what was sent", line)
		}
	}
	if rows != n {
		t.Errorf("%d messages are in events, want %d", rows, n)
	}
	for sql, want := range map[string]int{
		"SELECT count() FROM events FINAL WHERE agent = 'mallory' AND NOT decoded":                              malformed,
		"SELECT uniqExact(seq) FROM dead_letters FINAL WHERE stream = '" + stream + "' AND length(reason) > 10": malformed,
		"SELECT count() FROM events FINAL WHERE agent != 'mallory' AND decoded":                                 5 * len(auditedStreams),
	} {
		if got := w.number(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
	w.chain(stream)
}
