package native

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"

	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// Translate writes the engine's blocks (revision 0, all libchdb can) at another revision and calls each after every block.
// Unlike [Copy] it also takes the types that have to be decoded, such as JSON, and so is for the engine's own data only.
func Translate(data []byte, to Revision, out *bytes.Buffer, each func(Head) error) error {
	rest := bytes.NewReader(data)
	src := bufio.NewReaderSize(rest, 64<<10)
	for {
		begin, start := len(data)-rest.Len()-src.Buffered(), out.Len()
		head, err := Copy(out, to, src, 0)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if _, unknown := errors.AsType[*UnknownTypeError](err); unknown {
			out.Truncate(start)
			return decode(data[begin:], to, out, each)
		}
		if err != nil {
			return fmt.Errorf("reading the engine's Native answer: %w", err)
		}
		if err := each(head); err != nil {
			return err
		}
	}
}

func decode(data []byte, to Revision, out *bytes.Buffer, each func(Head) error) error {
	reader := chproto.NewReader(bytes.NewReader(data))
	for {
		block := proto.Block{ServerContext: &column.ServerContext{Timezone: time.UTC}}
		if err := block.Decode(reader, 0); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the engine's Native answer: %w", err)
		}
		var buffer chproto.Buffer
		if err := block.Encode(&buffer, uint64(to)); err != nil {
			return fmt.Errorf("writing a Native block at revision %d: %w", to, err)
		}
		out.Write(buffer.Buf)
		if err := each(headOf(&block)); err != nil {
			return err
		}
	}
}

func headOf(block *proto.Block) Head {
	head := Head{Rows: uint64(block.Rows())}
	for i, c := range block.Columns {
		head.Columns = append(head.Columns, session.Column{Name: block.ColumnsNames()[i], Type: string(c.Type())})
	}
	return head
}
