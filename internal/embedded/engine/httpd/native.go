package httpd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"

	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// translateNative writes the engine's Native blocks (revision 0, all libchdb can) at the revision the client asked for.
func translateNative(data []byte, revision uint64, out io.Writer) error {
	reader := chproto.NewReader(bytes.NewReader(data))
	for {
		block := proto.Block{ServerContext: &column.ServerContext{Timezone: time.UTC}}
		if err := block.Decode(reader, 0); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the engine's Native answer: %w", err)
		}
		if err := writeBlock(&block, revision, out); err != nil {
			return err
		}
	}
}

func writeBlock(block *proto.Block, revision uint64, out io.Writer) error {
	var buffer chproto.Buffer
	if err := block.Encode(&buffer, revision); err != nil {
		return fmt.Errorf("writing a Native block at revision %d: %w", revision, err)
	}
	_, err := out.Write(buffer.Buf)
	return err
}

// emptyBlock is the block that names the columns of an answer without rows.
func emptyBlock(columns []session.Column) (*proto.Block, error) {
	block := &proto.Block{ServerContext: &column.ServerContext{Timezone: time.UTC}}
	for _, c := range columns {
		if err := block.AddColumn(c.Name, column.Type(c.Type)); err != nil {
			return nil, fmt.Errorf("naming column %s %s: %w", c.Name, c.Type, err)
		}
	}
	return block, nil
}

// frameSize is how much goes into one compressed block, as in ClickHouse's own writer.
const frameSize = 1 << 20

// framed wraps out in ClickHouse's compressed blocks.
type framed struct {
	out    io.Writer
	writer *compress.Writer
}

func newFramed(out io.Writer, useZSTD bool) *framed {
	method := compress.LZ4
	if useZSTD {
		method = compress.ZSTD
	}
	return &framed{out: out, writer: compress.NewWriter(compress.LevelZero, method)}
}

func (f *framed) Write(p []byte) (int, error) {
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
