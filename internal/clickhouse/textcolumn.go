package clickhouse

import (
	"encoding/binary"

	"github.com/ClickHouse/ch-go/proto"
)

// TextColumn is a String column in the form in which it goes over the wire, each text behind its length. It is written in pieces, which an
// insert sends as they are: nothing is copied when the column grows, nor when it is sent.
type TextColumn struct {
	pieces [][]byte // the first of them are in use, the others are empty and kept for what comes
	used   int
	rows   int
}

// Pieces double in size, so that columns with little in them take little.
const (
	leastPiece = 4 << 10
	mostPiece  = 256 << 10
)

// Append adds a row.
func (c *TextColumn) Append(text string) {
	piece := c.begin(len(text))
	*piece = append(*piece, text...)
}

// AppendBytes adds a row.
func (c *TextColumn) AppendBytes(text []byte) {
	piece := c.begin(len(text))
	*piece = append(*piece, text...)
}

// begin writes the length of a row and returns the piece that has room for it.
func (c *TextColumn) begin(length int) *[]byte {
	need := binary.MaxVarintLen64 + length
	if c.used == 0 || cap(c.pieces[c.used-1])-len(c.pieces[c.used-1]) < need {
		c.open(need)
	}
	piece := &c.pieces[c.used-1]
	*piece = binary.AppendUvarint(*piece, uint64(length))
	c.rows++
	return piece
}

// open begins a piece that has room for need bytes.
func (c *TextColumn) open(need int) {
	if c.used == len(c.pieces) {
		c.pieces = append(c.pieces, nil)
	}
	if piece := &c.pieces[c.used]; cap(*piece) < need {
		*piece = make([]byte, 0, max(need, min(leastPiece<<c.used, mostPiece)))
	}
	c.used++
}

// Room is how many bytes the column takes.
func (c *TextColumn) Room() (n int) {
	for _, piece := range c.pieces {
		n += cap(piece)
	}
	return n
}

// Reset implements proto.Resettable.
func (c *TextColumn) Reset() {
	for i := range c.pieces[:c.used] {
		c.pieces[i] = c.pieces[i][:0]
	}
	c.used, c.rows = 0, 0
}

// Type implements proto.ColInput.
func (c *TextColumn) Type() proto.ColumnType { return proto.ColumnTypeString }

// Rows implements proto.ColInput.
func (c *TextColumn) Rows() int { return c.rows }

// EncodeColumn implements proto.ColInput.
func (c *TextColumn) EncodeColumn(b *proto.Buffer) {
	for _, piece := range c.pieces[:c.used] {
		b.Buf = append(b.Buf, piece...)
	}
}

// WriteColumn implements proto.ColInput.
func (c *TextColumn) WriteColumn(w *proto.Writer) {
	for _, piece := range c.pieces[:c.used] {
		w.ChainWrite(piece)
	}
}
