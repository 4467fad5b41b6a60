package clickhouse

import (
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/compress"
)

// frameBytes is how much of a block is compressed at a time.
const frameBytes = 1 << 20

// framed reads what another reader gives in ClickHouse's LZ4 frames.
type framed struct {
	from  io.Reader
	w     *compress.Writer
	plain []byte
	ready []byte // of the frame in hand
	err   error  // of from, told when the frame is read
}

func newFramed(from io.Reader) *framed {
	return &framed{from: from, w: compress.NewWriter(compress.LevelZero, compress.LZ4), plain: make([]byte, frameBytes)}
}

// Read implements io.Reader.
func (f *framed) Read(p []byte) (int, error) {
	for len(f.ready) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.ready)
	f.ready = f.ready[n:]
	return n, nil
}

// next compresses the next frame.
func (f *framed) next() error {
	n, err := io.ReadFull(f.from, f.plain)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if f.err = err; n == 0 {
		return err
	}
	if err := f.w.Compress(f.plain[:n]); err != nil {
		return fmt.Errorf("compressing an insert: %w", err)
	}
	f.ready = f.w.Data
	return nil
}
