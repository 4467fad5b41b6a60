package input

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzArguments compares the reader with the standard decoder.
func FuzzArguments(f *testing.F) {
	for _, s := range []string{`{}`, ` { "a" : [1, -2.5e3, true, false, null, "x\n\u00e9", {"b":{}}] , "c":"" } `, `{"a":1,"a":2}`, `[]`, `{"a":1e999}`, "{\"\xff\":\"\xff\"}", `{"a":"\\"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Parse(raw)
		if err != nil {
			return // stricter on purpose: keys given twice, depth, size
		}
		want := map[string]any{}
		if len(bytes.TrimSpace(raw)) > 0 {
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatalf("accepted %q, which is no JSON object: %v", raw, err)
			}
		}
		if want != nil && !reflect.DeepEqual(got.Values, want) {
			t.Fatalf("%q: read %#v, want %#v", raw, got.Values, want)
		}
	})
}

func TestKeyGivenTwiceIsAnError(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{"a":1,"a":2}`, `{"x":{"a":1,"\u0061":2}}`} {
		if _, err := Parse(json.RawMessage(raw)); err == nil {
			t.Errorf("%s is accepted", raw)
		}
	}
}
