package tcpd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/native"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// What the server sends.
const (
	serverHello     = 0
	serverData      = 1
	serverException = 2
	serverProgress  = 3
	serverPong      = 4
	serverEnd       = 5
	serverProfile   = 6
)

// version is what the engine says it is.
type version struct{ major, minor, patch uint64 }

func parseVersion(text string) (v version) {
	_, _ = fmt.Sscanf(text, "%d.%d.%d", &v.major, &v.minor, &v.patch) // what is not there stays 0
	return v
}

func (c *connection) sendHello(v version) error {
	b := appendText([]byte{serverHello}, "ClickHouse")
	b = appendNumbers(b, v.major, v.minor, revision)
	b = appendText(appendText(b, "UTC"), "weighlock")
	return c.send(appendNumbers(b, v.patch))
}

func (c *connection) sendException(err error) error {
	e := session.AsError(err)
	text := strings.TrimPrefix(e.Text, fmt.Sprintf("Code: %d. ", e.Code))
	b := binary.LittleEndian.AppendUint32([]byte{serverException}, uint32(e.Code))
	b = appendText(appendText(appendText(b, "DB::Exception"), text), "")
	return c.send(append(b, 0))
}

// sendBlock sends a block at the protocol's revision.
func (c *connection) sendBlock(q *query, block []byte) error {
	c.write([]byte{serverData, 0}) // no name
	if q.compress {
		var framed bytes.Buffer
		if _, err := native.NewFramed(&framed, q.zstd).Write(block); err != nil {
			return err
		}
		block = framed.Bytes()
	}
	return c.send(block)
}

func (c *connection) sendProgress(sum chdb.Summary, since time.Time) error {
	if sum == (chdb.Summary{}) {
		return nil
	}
	return c.send(appendNumbers([]byte{serverProgress}, sum.ReadRows, sum.ReadBytes, 0, sum.WrittenRows, sum.WrittenBytes, uint64(time.Since(since))))
}

func (c *connection) sendProfile(rows, blocks, bytes uint64) {
	b := appendNumbers([]byte{serverProfile}, rows, blocks, bytes)
	c.write(append(b, 0, 0, 0)) // no limit applied, no rows before it
}

func (c *connection) sendEnd() error { return c.send([]byte{serverEnd}) }
