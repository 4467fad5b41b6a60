package native

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/compress"
)

// frameSize is how much goes into one compressed block, as in ClickHouse's own writer.
const frameSize = 1 << 20

// Framed wraps what is written to it in ClickHouse's compressed blocks.
type Framed struct {
	out    io.Writer
	writer *compress.Writer
}

// NewFramed compresses to out with LZ4 or ZSTD.
func NewFramed(out io.Writer, useZSTD bool) *Framed {
	method := compress.LZ4
	if useZSTD {
		method = compress.ZSTD
	}
	return &Framed{out: out, writer: compress.NewWriter(compress.LevelZero, method)}
}

// Write makes whole compressed blocks of p.
func (f *Framed) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		part := p[:min(len(p), frameSize)]
		if err := f.writer.Compress(part); err != nil {
			return written, fmt.Errorf("compressing the answer: %w", err)
		}
		if _, err := f.out.Write(f.writer.Data); err != nil {
			return written, err
		}
		written, p = written+len(part), p[len(part):]
	}
	return written, nil
}

// FrameReader reads ClickHouse's compressed blocks and ends with io.EOF only between two blocks. The decoder alone does not tell
// that from a body that was cut right behind a block's header.
type FrameReader struct {
	source  *bufio.Reader
	decoder *compress.Reader
}

// NewFrameReader reads the compressed blocks of body.
func NewFrameReader(body io.Reader) *FrameReader {
	source := bufio.NewReaderSize(body, 64<<10)
	return &FrameReader{source: source, decoder: compress.NewReader(source)}
}

// Read decompresses the next bytes.
func (f *FrameReader) Read(p []byte) (int, error) {
	_, peeked := f.source.Peek(1)
	n, err := f.decoder.Read(p)
	if err != nil && errors.Is(err, io.EOF) {
		if peeked != nil {
			return n, peeked
		}
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}
