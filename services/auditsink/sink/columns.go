package sink

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// table collects rows of one table column by column, as ClickHouse's Native format wants them.
type table struct {
	name  string
	input proto.Input
}

func (t *table) str(name string) *textColumn {
	c := new(textColumn)
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

func (t *table) low(name string) *lowColumn {
	c := newLowColumn()
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

func (t *table) u64(name string) *proto.ColUInt64 {
	c := new(proto.ColUInt64)
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

func (t *table) i16(name string) *proto.ColInt16 {
	c := new(proto.ColInt16)
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

func (t *table) flag(name string) *proto.ColUInt8 {
	c := new(proto.ColUInt8)
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

func (t *table) time(name string, p proto.Precision) *proto.ColDateTime64 {
	c := new(proto.ColDateTime64).WithPrecision(p).WithLocation(time.UTC)
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

func (t *table) hash(name string) *proto.ColFixedStr {
	c := &proto.ColFixedStr{Size: len(Hash{})}
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

func (t *table) list(name string) *proto.ColArr[string] {
	c := proto.NewArray[string](new(proto.ColStr))
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

func (t *table) pairs(name string) *proto.ColMap[string, string] {
	c := proto.NewMap[string, string](new(proto.ColStr), new(proto.ColStr))
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

// parts is a block in parts, most of which are the columns' own memory.
type parts [][]byte

// Write implements io.Writer, but keeps p.
func (b *parts) Write(p []byte) (int, error) {
	*b = append(*b, p)
	return len(p), nil
}

// block is the collected rows as one Native block: one block, because a deduplication token covers a block. It is good until the
// columns change.
func (t *table) block(rows int) (parts, error) {
	var b parts
	w := proto.NewWriter(&b, new(proto.Buffer))
	if err := (proto.Block{Columns: len(t.input), Rows: rows}).WriteBlock(w, 0, t.input); err != nil {
		return nil, fmt.Errorf("encoding %d rows of %s: %w", rows, t.name, err)
	}
	_, err := w.Flush()
	return b, err
}

// size is how many bytes the parts have together.
func (b parts) size() (n int64) {
	for _, p := range b {
		n += int64(len(p))
	}
	return n
}

// reader reads the parts from the start.
func (b parts) reader() io.Reader {
	all := net.Buffers(slices.Clone(b))
	return &all
}

// The range that DateTime64 can hold; a producer may claim any time.
var (
	firstTime = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC)
)

// at clamps t to what a column can hold; no time at all is 1970.
func at(t time.Time) time.Time {
	switch {
	case t.IsZero():
		return time.Unix(0, 0)
	case t.Before(firstTime):
		return firstTime
	case t.After(lastTime):
		return lastTime
	}
	return t
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// sortedPairs makes a map's order a function of its content, so that a batch read again gives the same bytes.
func sortedPairs(m map[string]string) []proto.KV[string, string] {
	if len(m) == 0 {
		return nil
	}
	pairs := make([]proto.KV[string, string], 0, len(m))
	for k, v := range m {
		pairs = append(pairs, proto.KV[string, string]{Key: k, Value: v})
	}
	slices.SortFunc(pairs, func(a, b proto.KV[string, string]) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return pairs
}

// statement is the INSERT that the encoded rows follow.
func (t *table) statement() string {
	names := make([]string, len(t.input))
	for i, c := range t.input {
		names[i] = "`" + c.Name + "`"
	}
	return "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ") FORMAT Native"
}
