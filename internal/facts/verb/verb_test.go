package verb

import "testing"

func TestWords(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]Act{"delete": Delete, "get": Read, "transfer": Pay, "frobnicate": None, "": None} {
		if got := Of(word); got != want {
			t.Errorf("%q names %q, want %q", word, got, want)
		}
	}
}
