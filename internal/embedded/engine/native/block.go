// Package native moves ClickHouse's Native blocks between the revisions of its protocol without decoding their values.
package native

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// Revision says which of the protocol's additions a block has. 0 is the plain format of files, which libchdb speaks.
type Revision uint64

// flagged is the first revision with a byte at each column that says whether it is serialized in a way of its own.
const flagged Revision = 54454

// Limits of one block. ClickHouse has none; what is beyond is no block but a broken or hostile stream.
const (
	maxRows    = 100_000_000
	maxColumns = 10_000
	maxBytes   = 4 << 30
	maxName    = 1 << 20
)

// ErrMalformed is a block that breaks the format. The stream it came from cannot be read on.
var ErrMalformed = errors.New("malformed Native block")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Head is what a block says about itself.
type Head struct {
	Columns []session.Column
	Rows    uint64
}

// End says whether this is the block without columns that ends a stream of them.
func (h Head) End() bool { return len(h.Columns) == 0 && h.Rows == 0 }

// Copy copies one block from src at one revision to dst at another. Memory does not grow with what the block claims to hold.
// io.EOF means that src has ended before the block; after any other error neither stream can be used on.
// A type that cannot be copied is an [UnknownTypeError].
func Copy(dst io.Writer, to Revision, src *bufio.Reader, from Revision) (Head, error) {
	if _, err := src.Peek(1); err != nil {
		return Head{}, err
	}
	c := &copier{src: src, dst: dst, left: maxBytes}
	head, err := c.block(to, from)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return head, err
}

func (c *copier) block(to, from Revision) (Head, error) {
	if from > 0 {
		if err := skipInfo(c.src); err != nil {
			return Head{}, err
		}
	}
	columns, err := c.count("columns", maxColumns)
	if err != nil {
		return Head{}, err
	}
	rows, err := c.count("rows", maxRows)
	if err != nil {
		return Head{}, err
	}
	if rows > 0 && columns == 0 {
		return Head{}, malformed("%d rows without columns", rows)
	}
	head := Head{Rows: rows}
	c.write(appendStart(nil, to, columns, rows))
	for range columns {
		column, err := c.column(to, from, rows)
		if err != nil {
			return head, err
		}
		head.Columns = append(head.Columns, column)
	}
	return head, c.failed
}

func (c *copier) column(to, from Revision, rows uint64) (session.Column, error) {
	var column session.Column
	var err error
	if column.Name, err = c.str(); err != nil {
		return column, err
	}
	if column.Type, err = c.str(); err != nil {
		return column, err
	}
	if from >= flagged {
		flag, err := c.src.ReadByte()
		if err != nil {
			return column, err
		}
		if flag != 0 {
			return column, malformed("column %q is serialized in a way of its own, which is not supported", column.Name)
		}
	}
	c.write(appendColumn(nil, to, column))
	if rows == 0 {
		return column, nil
	}
	l, err := parseType(column.Type)
	if err != nil {
		return column, err
	}
	if err := c.prefix(l); err != nil {
		return column, err
	}
	return column, c.values(l, rows)
}

// Header appends a block without rows that names the columns.
func Header(to []byte, revision Revision, columns []session.Column) []byte {
	to = appendStart(to, revision, uint64(len(columns)), 0)
	for _, c := range columns {
		to = appendColumn(to, revision, c)
	}
	return to
}

func appendStart(to []byte, revision Revision, columns, rows uint64) []byte {
	if revision > 0 {
		to = append(to, 1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0) // no overflow row, no bucket
	}
	return binary.AppendUvarint(binary.AppendUvarint(to, columns), rows)
}

func appendColumn(to []byte, revision Revision, c session.Column) []byte {
	to = append(binary.AppendUvarint(to, uint64(len(c.Name))), c.Name...)
	to = append(binary.AppendUvarint(to, uint64(len(c.Type))), c.Type...)
	if revision >= flagged {
		to = append(to, 0)
	}
	return to
}

// skipInfo reads a block's info: pairs of a field and its value.
func skipInfo(src *bufio.Reader) error {
	for {
		field, err := src.ReadByte()
		if err != nil {
			return err
		}
		var size int
		switch field {
		case 0:
			return nil
		case 1: // overflow row
			size = 1
		case 2: // bucket
			size = 4
		default:
			return malformed("field %d of the block's info is not known", field)
		}
		if _, err := src.Discard(size); err != nil {
			return err
		}
	}
}
