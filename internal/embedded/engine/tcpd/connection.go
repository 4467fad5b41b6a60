package tcpd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/compress"

	"github.com/weighlock/weighlock/internal/embedded/engine/native"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

const (
	bufferSize = 64 << 10
	// helloTimeout is how long a client may take to say who it is.
	helloTimeout = 10 * time.Second
	// writeTimeout is how long a client may leave an answer unread.
	writeTimeout = 5 * time.Minute
)

// connection is one client.
type connection struct {
	server  *Server
	conn    net.Conn
	in      wire
	frames  *bufio.Reader // in, decompressed; only the current frame is ever ahead
	out     *bufio.Writer
	failed  error // of out
	hello   hello
	session state

	mu      sync.Mutex
	busy    bool
	leaving bool
}

func newConnection(s *Server, conn net.Conn) *connection {
	in := bufio.NewReaderSize(conn, bufferSize)
	return &connection{
		server: s, conn: conn, in: wire{Reader: in}, out: bufio.NewWriterSize(conn, bufferSize),
		frames: bufio.NewReaderSize(compress.NewReader(in), bufferSize),
	}
}

// run greets the client and answers its packets until it leaves. The error is why the connection had to be ended.
func (c *connection) run(ctx context.Context) error {
	if err := c.greet(); err != nil {
		_ = c.sendException(err) // the client may be gone
		return err
	}
	for {
		if !c.idle() {
			return nil
		}
		kind, err := c.in.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		c.working()
		if err := c.packet(ctx, kind); err != nil {
			_ = c.sendException(err) // likewise
			return err
		}
	}
}

// greet checks who the client is.
func (c *connection) greet() error {
	if err := c.conn.SetReadDeadline(time.Now().Add(helloTimeout)); err != nil {
		return err
	}
	h, err := readHello(&c.in)
	if err != nil {
		return err
	}
	if h.revision < oldestRevision {
		return session.Refuse(session.CodeNotImplemented, "%s speaks revision %d of the protocol; the local engine needs %d (ClickHouse 22.12) or newer", h.name, h.revision, oldestRevision)
	}
	if !c.server.sessions.Admits(h.user, h.password) {
		return session.Refuse(session.CodeAuthFailed, "%s: Authentication failed: password is incorrect, or there is no user with such name", h.user)
	}
	v, err := c.server.engineVersion()
	if err != nil {
		return err
	}
	if err := c.sendHello(v); err != nil {
		return err
	}
	h.password = ""
	c.hello, c.session.database = h, h.database
	c.in.word() // quota key
	if c.in.err != nil {
		return c.in.err
	}
	return c.conn.SetReadDeadline(time.Time{})
}

// packet answers one packet. An error ends the connection: what follows could not be told apart.
func (c *connection) packet(ctx context.Context, kind byte) error {
	switch kind {
	case clientPing:
		return c.send([]byte{serverPong})
	case clientCancel: // it crossed the answer's end
		return nil
	case clientData: // the rest of an insert that was refused
		_, _, err := c.readData(io.Discard, c.session.compress)
		return err
	case clientQuery:
	default:
		return session.Refuse(session.CodeUnexpectedPacket, "packet %d is not known", kind)
	}
	q, refused := readQuery(&c.in)
	if c.in.err != nil {
		return c.in.err
	}
	c.session.compress = q.compress
	if err := c.externalTables(&q); refused == nil {
		refused = err
	}
	if refused == nil {
		refused = c.statement(ctx, &q)
	}
	if c.failed != nil || c.in.err != nil {
		return errors.Join(c.failed, c.in.err)
	}
	if refused != nil {
		return c.sendException(refused)
	}
	return c.sendEnd()
}

func (c *connection) revision() uint64 { return min(c.hello.revision, revision) }

// externalTables reads the blocks after a statement up to the empty one.
func (c *connection) externalTables(q *query) error {
	var refused error
	for {
		if kind := c.in.byte(); c.in.err != nil || kind != clientData {
			if c.in.err == nil {
				c.in.fail(session.Refuse(session.CodeUnexpectedPacket, "packet %d came where the statement's data was to come", kind))
			}
			return c.in.err
		}
		name, head, err := c.readData(io.Discard, q.compress)
		if err != nil {
			c.in.fail(err)
			return err
		}
		if head.End() {
			return refused
		}
		refused = session.Refuse(session.CodeNotImplemented, "external tables are not supported by the local engine: %q", name)
	}
}

// readData reads a data packet's name and block, and writes the block to dst as the engine wants it.
// An error means that the connection cannot be read on; dst must not fail.
func (c *connection) readData(dst io.Writer, compressed bool) (name string, head native.Head, err error) {
	if name = c.in.word(); c.in.err != nil {
		return "", head, c.in.err
	}
	src := c.in.Reader
	if compressed {
		src = c.frames
	}
	if head, err = native.Copy(dst, 0, src, native.Revision(c.revision())); err != nil {
		return "", head, session.Refuse(session.CodeIncorrectData, "the client's data cannot be read: %v", err)
	}
	if c.frames.Buffered() > 0 {
		return "", head, session.Refuse(session.CodeIncorrectData, "%d bytes are left over behind a block", c.frames.Buffered())
	}
	return name, head, nil
}

func (c *connection) write(p []byte) {
	if c.failed == nil {
		c.failed = c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	if c.failed == nil {
		_, c.failed = c.out.Write(p)
	}
}

// send writes p and everything before it to the client.
func (c *connection) send(p []byte) error {
	c.write(p)
	if c.failed == nil {
		c.failed = c.out.Flush()
	}
	return c.failed
}

// idle says that no statement runs; not ok means that the server ends.
func (c *connection) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = false
	return !c.leaving
}

func (c *connection) working() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = true
}

// endWhenIdle ends the connection now, or after the statement that runs.
func (c *connection) endWhenIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	if !c.busy {
		_ = c.conn.Close() // nobody waits for an answer
	}
}

// state is what a client's USE and SET have made of its session.
type state struct {
	database string
	sets     []string
	compress bool // how data of the last statement comes
}

const maxSets = 256

// remember notes a statement that changed the session, so that the next one finds it so.
func (s *state) remember(sql string) error {
	if slices.Contains(s.sets, sql) {
		return nil
	}
	if len(s.sets) >= maxSets {
		return session.Refuse(session.CodeNotImplemented, "more than %d different USE and SET in one connection", maxSets)
	}
	s.sets = append(s.sets, sql)
	return nil
}
