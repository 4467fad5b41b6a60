package native

import (
	"bufio"
	"encoding/binary"
	"io"
)

// copier copies values from src to dst, finding out where each column ends.
type copier struct {
	src    *bufio.Reader
	dst    io.Writer
	left   int64 // bytes the block may still have
	failed error // what dst said first; src is read to the block's end all the same
}

func (c *copier) write(p []byte) {
	if c.failed == nil {
		_, c.failed = c.dst.Write(p)
	}
}

func (c *copier) count(what string, most uint64) (uint64, error) {
	n, err := binary.ReadUvarint(c.src)
	if err != nil {
		return 0, broken(err)
	}
	if n > most {
		return 0, malformed("%d %s in one block, at most %d are accepted", n, what, most)
	}
	return n, nil
}

// broken tells a length that is no number from a stream that ended.
func broken(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF { //nolint:errorlint // as ReadUvarint returns them
		return io.ErrUnexpectedEOF
	}
	if err.Error() == "binary: varint overflows a 64-bit integer" {
		return malformed("a length overflows 64 bits")
	}
	return err
}

func (c *copier) str() (string, error) {
	n, err := c.count("bytes in a name", maxName)
	if err != nil {
		return "", err
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(c.src, p); err != nil {
		return "", io.ErrUnexpectedEOF
	}
	return string(p), nil
}

// prefix copies what comes before a column's values.
func (c *copier) prefix(l *layout) error {
	if l.kind == low {
		version, err := c.u64()
		if err == nil && version != 1 {
			err = malformed("version %d of LowCardinality is not known", version)
		}
		return err
	}
	for _, elem := range l.elems {
		if err := c.prefix(elem); err != nil {
			return err
		}
	}
	return nil
}

// values copies rows values of a column.
func (c *copier) values(l *layout, rows uint64) error {
	if rows == 0 {
		return nil
	}
	switch l.kind {
	case fixed:
		return c.items(l.width, rows, nil)
	case text:
		return c.texts(rows)
	case nullable:
		if err := c.items(1, rows, nil); err != nil {
			return err
		}
		return c.values(l.elems[0], rows)
	case array:
		inner, err := c.offsets(rows)
		if err != nil {
			return err
		}
		return c.values(l.elems[0], inner)
	case tuple:
		for _, elem := range l.elems {
			if err := c.values(elem, rows); err != nil {
				return err
			}
		}
		return nil
	case low:
		return c.lowCardinality(l.elems[0], rows)
	}
	return malformed("layout %d is not known", l.kind)
}

// items copies count items of width bytes; see gets whole ones to look at.
func (c *copier) items(width int64, count uint64, see func([]byte) error) error {
	if count > uint64(c.left/width) {
		return malformed("it has more than %d bytes", int64(maxBytes))
	}
	step := int64(1) // how much must be there to go on
	if see != nil {
		step = width
	}
	rest := width * int64(count)
	c.left -= rest
	for rest > 0 {
		if _, err := c.src.Peek(int(step)); err != nil {
			return err
		}
		p, _ := c.src.Peek(int(min(rest, int64(c.src.Buffered())/step*step))) // it is there
		if see != nil {
			if err := see(p); err != nil {
				return err
			}
		}
		c.write(p)
		rest -= int64(len(p))
		_, _ = c.src.Discard(len(p)) // likewise
	}
	return nil
}

func (c *copier) u64() (n uint64, err error) {
	err = c.items(8, 1, func(p []byte) error { n = binary.LittleEndian.Uint64(p); return nil })
	return n, err
}

// texts copies count strings: as many at once as lie whole in the buffer.
func (c *copier) texts(count uint64) error {
	for count > 0 {
		if _, err := c.src.Peek(1); err != nil {
			return err
		}
		p, _ := c.src.Peek(c.src.Buffered()) // it is there
		whole := 0
		for count > 0 {
			n, size := binary.Uvarint(p[whole:])
			if size <= 0 || n > uint64(len(p)-whole-size) {
				break
			}
			whole += size + int(n)
			count--
		}
		if c.left -= int64(whole); c.left < 0 {
			return malformed("it has more than %d bytes", int64(maxBytes))
		}
		c.write(p[:whole])
		_, _ = c.src.Discard(whole) // likewise
		if count > 0 && whole == 0 {
			n, err := c.count("bytes in a string", uint64(c.left))
			if err != nil {
				return err
			}
			c.write(binary.AppendUvarint(nil, n))
			if err := c.items(1, n, nil); err != nil {
				return err
			}
			count--
		}
	}
	return nil
}

// offsets copies where each array ends, and returns how many elements there are.
func (c *copier) offsets(rows uint64) (last uint64, err error) {
	err = c.items(8, rows, func(p []byte) error {
		for ; len(p) > 0; p = p[8:] {
			end := binary.LittleEndian.Uint64(p)
			if end < last || end > maxBytes {
				return malformed("an array ends at %d after %d", end, last)
			}
			last = end
		}
		return nil
	})
	return last, err
}

// What the number before a LowCardinality's values says.
const (
	lowWidth      = 0xff // 0 to 3: each row's number has 1, 2, 4 or 8 bytes
	lowGlobal     = 1 << 8
	lowAdditional = 1 << 9
)

func (c *copier) lowCardinality(elem *layout, rows uint64) error {
	meta, err := c.u64()
	if err != nil {
		return err
	}
	if meta&lowGlobal != 0 || meta&lowAdditional == 0 || meta&lowWidth > 3 {
		return malformed("flags %#x of LowCardinality are not supported", meta)
	}
	keys, err := c.u64()
	if err != nil {
		return err
	}
	if err := c.values(elem, keys); err != nil {
		return err
	}
	n, err := c.u64()
	if err != nil {
		return err
	}
	if n != rows {
		return malformed("LowCardinality has %d rows, the block %d", n, rows)
	}
	width := int64(1) << (meta & lowWidth)
	return c.items(width, rows, func(p []byte) error {
		for ; len(p) > 0; p = p[width:] {
			var number [8]byte
			copy(number[:], p[:width])
			if i := binary.LittleEndian.Uint64(number[:]); i >= keys {
				return malformed("LowCardinality's value %d of %d", i, keys)
			}
		}
		return nil
	})
}
