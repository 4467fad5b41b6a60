package phrase

import (
	"strings"
	"testing"
)

func TestIn(t *testing.T) {
	t.Parallel()
	s := Of("do not", "gift card", "x", "\xff\xfe")
	for text, want := range map[string]bool{
		"do not": true, "please do not": true, "gift cards": true, "do no": false, "": false, "x": false, "Do Not": false, "a\xff\xfe": true, "gift  card": false,
	} {
		if s.In(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func FuzzIn(f *testing.F) {
	f.Add("ab", "cab")
	f.Fuzz(func(t *testing.T, p, text string) {
		if got, want := Of(p).In(text), len(p) >= 2 && strings.Contains(text, p); got != want {
			t.Fatalf("%q in %q: %v", p, text, got)
		}
	})
}
