package words_test

import (
	"testing"

	"github.com/weighlock/weighlock/cmd/weighlock/words"
)

// What nobody sees, and what turns the direction or ends the line, is shown to be there.
func TestNothingHidesOnACard(t *testing.T) {
	t.Parallel()
	for _, r := range []rune{0, 0x1b, 0x7f, 0x85, 0xad, 0x61c, 0x180e, 0x200b, 0x200d, 0x2028, 0x2029, 0x202e, 0x2060, 0x2064, 0x2066, 0xfeff, 0xfff9, 0xe0001, 0xe0041} {
		if got := words.Printable("a" + string(r) + "b"); got != "a\ufffdb" {
			t.Errorf("%U is shown as %q", r, got)
		}
	}
	if got := words.Printable("a\n\tb ü 木 €"); got != "a  b ü 木 €" {
		t.Errorf("%q", got)
	}
}
