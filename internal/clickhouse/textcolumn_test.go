package clickhouse

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	"pgregory.net/rapid"
)

// TestTextColumnIsAString compares the column with the client's own, over batches that use its memory again.
func TestTextColumnIsAString(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c TextColumn
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			var want proto.ColStr
			for range rapid.IntRange(0, 50).Draw(t, "rows") {
				text := strings.Repeat("x", rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 600<<10)).Draw(t, "length"))
				if rapid.Bool().Draw(t, "as bytes") {
					c.AppendBytes([]byte(text))
				} else {
					c.Append(text)
				}
				want.Append(text)
			}
			var whole, expected proto.Buffer
			c.EncodeColumn(&whole)
			want.EncodeColumn(&expected)
			if c.Rows() != want.Rows() || !bytes.Equal(whole.Buf, expected.Buf) {
				t.Fatalf("%d rows in %d bytes, want %d in %d", c.Rows(), len(whole.Buf), want.Rows(), len(expected.Buf))
			}
			var pieces parts
			w := proto.NewWriter(&pieces, new(proto.Buffer))
			c.WriteColumn(w)
			if _, err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			for range 2 { // a request may be sent again
				if got, err := io.ReadAll(pieces.reader()); err != nil || !bytes.Equal(got, expected.Buf) || pieces.size() != int64(len(got)) {
					t.Fatalf("%d bytes in pieces, %v; want %d", len(got), err, len(expected.Buf))
				}
			}
			c.Reset()
		}
	})
}

func TestFramedIsReadBack(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, frameBytes - 1, frameBytes, frameBytes + 1, 3*frameBytes + 7} {
		plain := bytes.Repeat([]byte("weighlock "), size/10+1)[:size]
		compressed, err := io.ReadAll(newFramed(bytes.NewReader(plain)))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, size)
		if _, err := io.ReadFull(compress.NewReader(bytes.NewReader(compressed)), got); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := io.ReadAll(newFramed(io.MultiReader(strings.NewReader("x"), broken{}))); err != io.ErrClosedPipe {
		t.Errorf("a reader that fails: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
