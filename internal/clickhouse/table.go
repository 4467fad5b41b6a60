package clickhouse

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// Table collects rows of one table column by column, as ClickHouse's Native format wants them: a fifth of the cost of handing single values to a
// driver. Each row appends one value to each of its columns.
type Table struct {
	Name  string
	input proto.Input
}

// Reset empties the columns; they keep their memory.
func (t *Table) Reset() { t.input.Reset() }

func add[C proto.ColInput](t *Table, name string, c C) C {
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

// Str adds a String column.
func (t *Table) Str(name string) *TextColumn {
	return add(t, name, new(TextColumn))
}

// Low adds a LowCardinality(String) column.
func (t *Table) Low(name string) *LowColumn {
	return add(t, name, newLowColumn())
}

// U64 adds a UInt64 column.
func (t *Table) U64(name string) *proto.ColUInt64 {
	return add(t, name, new(proto.ColUInt64))
}

// I16 adds an Int16 column.
func (t *Table) I16(name string) *proto.ColInt16 {
	return add(t, name, new(proto.ColInt16))
}

// Flag adds a UInt8 column.
func (t *Table) Flag(name string) *proto.ColUInt8 {
	return add(t, name, new(proto.ColUInt8))
}

// Time adds a DateTime64 column in UTC.
func (t *Table) Time(name string, p proto.Precision) *proto.ColDateTime64 {
	return add(t, name, new(proto.ColDateTime64).WithPrecision(p).WithLocation(time.UTC))
}

// Fixed adds a FixedString column of so many bytes.
func (t *Table) Fixed(name string, size int) *proto.ColFixedStr {
	return add(t, name, &proto.ColFixedStr{Size: size})
}

// List adds an Array(String) column.
func (t *Table) List(name string) *proto.ColArr[string] {
	return add(t, name, proto.NewArray[string](new(proto.ColStr)))
}

// Pairs adds a Map(String, String) column.
func (t *Table) Pairs(name string) *proto.ColMap[string, string] {
	return add(t, name, proto.NewMap[string, string](new(proto.ColStr), new(proto.ColStr)))
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
func (t *Table) block(rows int) (parts, error) {
	var b parts
	w := proto.NewWriter(&b, new(proto.Buffer))
	if err := (proto.Block{Columns: len(t.input), Rows: rows}).WriteBlock(w, 0, t.input); err != nil {
		return nil, fmt.Errorf("encoding %d rows of %s: %w", rows, t.Name, err)
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

// statement is the INSERT that the encoded rows follow.
func (t *Table) statement() string {
	names := make([]string, len(t.input))
	for i, c := range t.input {
		names[i] = "`" + c.Name + "`"
	}
	return "INSERT INTO " + t.Name + " (" + strings.Join(names, ", ") + ") FORMAT Native"
}
