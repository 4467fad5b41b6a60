package clickhouse

import (
	"bytes"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"pgregory.net/rapid"
)

// Whatever is put in comes out, as the library's own column reads it, also when the column is used again.
func TestLowColumnKeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	c := newLowColumn()
	rapid.Check(t, func(t *rapid.T) {
		c.Reset()
		texts := rapid.IntRange(1, 70_000).Draw(t, "texts")
		rows := rapid.SliceOfN(rapid.IntRange(0, texts-1), 0, 50).Draw(t, "rows")
		for i := range texts { // every text once, in any order that repeats some
			rows = append(rows, i)
		}
		name := func(i int) string {
			if i == 0 {
				return ""
			}
			return string(rune(i)) + "x"
		}
		for _, i := range rows {
			c.Append(name(i))
		}
		var b proto.Buffer
		c.EncodeState(&b)
		c.EncodeColumn(&b)
		back := new(proto.ColStr).LowCardinality()
		r := proto.NewReader(bytes.NewReader(b.Buf))
		if err := back.DecodeState(r); err != nil {
			t.Fatal(err)
		}
		if err := back.DecodeColumn(r, len(rows)); err != nil {
			t.Fatal(err)
		}
		if c.Rows() != len(rows) || back.Rows() != len(rows) {
			t.Fatalf("%d rows became %d and %d", len(rows), c.Rows(), back.Rows())
		}
		for n, i := range rows {
			if back.Row(n) != name(i) {
				t.Fatalf("row %d is %q, want %q", n, back.Row(n), name(i))
			}
		}
	})
}
