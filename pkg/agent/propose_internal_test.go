package agent

import (
	"encoding/json"
	"testing"

	"github.com/nats-io/nats.go"
)

// FuzzReadAck compares what is read without decoding JSON with what a decoder reads.
func FuzzReadAck(f *testing.F) {
	for _, s := range []string{
		`{"stream":"WL_ACTIONS","seq":17}`, `{"stream":"WL_ACTIONS","seq":17,"domain":"hub"}`, `{"stream":"WL_ACTIONS","seq":17,"duplicate":true}`,
		`{"stream":"WL_ACTIONS","seq":0}`, `{"stream":"WL_ACTIONS","seq":18446744073709551616}`, `{"stream":"WL_ACTIONS","seq":007}`, `{"stream":"OTHER","seq":1}`,
		`{"error":{"code":400,"err_code":10077,"description":"maximum messages per subject exceeded"},"stream":"WL_ACTIONS","seq":0}`, "", "{",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		seq, ok := storedAt(data, "WL_ACTIONS")
		if !ok {
			return
		}
		var ack pubAck
		if err := json.Unmarshal(data, &ack); err == nil && (ack.Stream != "WL_ACTIONS" || ack.Sequence != seq || ack.Error != nil) {
			t.Fatalf("%q: read %d, it says %+v", data, seq, ack)
		}
		if got, err := readAck(&nats.Msg{Data: data}, "WL_ACTIONS"); err != nil || got.Sequence != seq || got.stored {
			t.Fatalf("%q: read %+v, %v", data, got, err)
		}
	})
}
