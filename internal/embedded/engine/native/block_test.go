package native

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ClickHouse/ch-go/proto"
)

// sample is a block of three rows with every layout, as ch-go encodes it at a revision.
func sample(t testing.TB, revision Revision) []byte {
	t.Helper()
	texts := func(list ...string) *proto.ColStr { c := new(proto.ColStr); c.AppendArr(list); return c }
	low := proto.NewLowCardinality[string](texts())
	low.AppendArr([]string{"a", "b", "a"})
	arrays := proto.NewArray[string](new(proto.ColStr))
	arrays.AppendArr([][]string{{}, {"x", strings.Repeat("y", 300)}, {""}})
	nulls := proto.NewColNullable[string](new(proto.ColStr))
	nulls.AppendArr([]proto.Nullable[string]{proto.Null[string](), proto.NewNullable("n"), proto.Null[string]()})
	maps := proto.NewMap[string, string](new(proto.ColStr), proto.NewLowCardinality[string](texts()))
	for range 3 {
		maps.Append(map[string]string{"k": "v"})
	}
	numbers := proto.ColUInt64{1, 2, 3}
	input := []proto.InputColumn{
		{Name: "n", Data: &numbers}, {Name: "s", Data: texts("", "one", "two")}, {Name: "l", Data: low}, {Name: "a", Data: arrays},
		{Name: "nn", Data: nulls}, {Name: "m", Data: maps}, {Name: "t", Data: proto.ColTuple{&numbers, texts("1", "2", "3")}},
	}
	var b proto.Buffer
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(input), Rows: 3}
	encode := block.EncodeBlock
	if revision == 0 {
		encode = block.EncodeRawBlock
	}
	if err := encode(&b, int(revision), input); err != nil {
		t.Fatal(err)
	}
	return b.Buf
}

func TestCopyIsWhatTheOtherRevisionWouldBe(t *testing.T) {
	t.Parallel()
	for _, from := range []Revision{0, 54420, 54460} {
		for _, to := range []Revision{0, 54420, 54460} {
			for name, slow := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader} {
				for _, size := range []int{16, 64 << 10} {
					var out bytes.Buffer
					src := bufio.NewReaderSize(slow(bytes.NewReader(append(sample(t, from), "rest"...))), size)
					head, err := Copy(&out, to, src, from)
					if err != nil || head.Rows != 3 || len(head.Columns) != 7 || !bytes.Equal(out.Bytes(), sample(t, to)) {
						t.Errorf("%d to %d, %s: %+v %v", from, to, name, head, err)
					}
					if rest, _ := io.ReadAll(src); string(rest) != "rest" {
						t.Errorf("%d to %d, %s: left over is %q", from, to, name, rest)
					}
				}
			}
		}
	}
}

func TestCopyRefusesACutBlock(t *testing.T) {
	t.Parallel()
	whole := sample(t, 54460)
	for cut := range whole {
		_, err := Copy(io.Discard, 0, bufio.NewReader(bytes.NewReader(whole[:cut])), 54460)
		if want := io.ErrUnexpectedEOF; cut > 0 && !errors.Is(err, want) || cut == 0 && err != io.EOF {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"UInt8", "Nullable(FixedString(3))", "Enum8('a,)(' = 1, 'it\\'s' = 2)", "DateTime64(9, 'Europe/Berlin')", "Map(String, Array(Tuple(a UInt8, `b c` Decimal(76, 3))))",
		"LowCardinality(Nullable(String))", "SimpleAggregateFunction(sum, UInt64)", "MultiPolygon", "IntervalDay", "Nested(a String, b Array(UUID))",
	} {
		if _, err := parseType(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"", "(", "UInt9", "Array()", "Array(UInt8", "Array(UInt8))", "Tuple()", "FixedString(0)", "FixedString(99999999999)", "Decimal(77, 1)", "JSON", "Dynamic", "Variant(String)",
		"AggregateFunction(sum, UInt64)", "LowCardinality(Array(String))", strings.Repeat("Array(", 40) + "UInt8" + strings.Repeat(")", 40),
	} {
		var unknown *UnknownTypeError
		if _, err := parseType(name); !errors.As(err, &unknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What Copy takes it takes again from its own output, and it never holds more than the input has.
func FuzzCopy(f *testing.F) {
	f.Add(sample(f, 54460))
	f.Add(sample(f, 0))
	f.Add([]byte{1, 0, 2, 0, 0, 0, 0, 0, 0xff, 0xff, 0x7f, 1, 1, 'a', 5, 'U', 'I', 'n', 't', '8', 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var plain, back, again bytes.Buffer
		head, err := Copy(&plain, 0, bufio.NewReader(bytes.NewReader(data)), 54460)
		if plain.Len() > 2*len(data)+64 {
			t.Fatalf("%d bytes become %d", len(data), plain.Len())
		}
		if err != nil {
			return
		}
		same, err := Copy(&back, 54460, bufio.NewReader(bytes.NewReader(plain.Bytes())), 0)
		if err != nil || same.Rows != head.Rows || len(same.Columns) != len(head.Columns) {
			t.Fatalf("%+v, then %+v: %v", head, same, err)
		}
		if _, err := Copy(&again, 0, bufio.NewReader(&back), 54460); err != nil || !bytes.Equal(again.Bytes(), plain.Bytes()) {
			t.Fatalf("there and back is another block: %v", err)
		}
	})
}
