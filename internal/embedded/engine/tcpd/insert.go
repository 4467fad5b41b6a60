package tcpd

import (
	"bufio"
	"context"
	"io"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/native"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// chunkSize is how much of an insert's data goes to the engine in one call.
const chunkSize = 1 << 20

// insert runs an INSERT: with the data in its text, or with the blocks that the client sends.
func (c *connection) insert(ctx context.Context, q *query, s session.Statement) error {
	if inline := q.text[s.DataAt:]; strings.Trim(inline, " \t\r\n;") != "" {
		return c.insertText(ctx, q, s, inline)
	}
	columns, err := c.sample(ctx, q, s)
	if err != nil {
		return err
	}
	if err := c.sendBlock(q, native.Header(nil, native.Revision(c.revision()), columns)); err != nil {
		return err
	}
	i := &insertion{c: c, q: q, statement: s}
	defer i.close()
	for {
		switch kind := c.in.byte(); {
		case c.in.err != nil:
			return c.in.err
		case kind == clientCancel:
			return nil // close cancels; nothing is stored
		case kind != clientData:
			c.in.fail(session.Refuse(session.CodeUnexpectedPacket, "packet %d came in the middle of an insert", kind))
			return c.in.err
		}
		_, head, err := c.readData(i.writer(ctx), q.compress)
		if err != nil {
			c.in.fail(err)
			return err
		}
		if head.End() {
			return i.commit()
		}
	}
}

// insertText inserts the data that follows the statement in its own text.
func (c *connection) insertText(ctx context.Context, q *query, s session.Statement, data string) error {
	began := time.Now()
	leave, conn, err := c.open(ctx, q)
	if err != nil {
		return err
	}
	defer leave()
	insert, err := conn.Insert(s.SQL, s.Format, q.params...)
	if err != nil {
		return err
	}
	defer insert.Close()
	_, _ = io.Copy(insert, strings.NewReader(data)) // Commit knows the reason
	summary, err := insert.Commit()
	if err != nil {
		return err
	}
	return c.sendProgress(summary, began)
}

// sample asks the engine which columns the client's blocks are to have.
func (c *connection) sample(ctx context.Context, q *query, s session.Statement) ([]session.Column, error) {
	leave, conn, err := c.open(ctx, q)
	if err != nil {
		return nil, err
	}
	defer leave()
	return session.TargetColumns(conn, s.SQL, q.params)
}

// insertion is an INSERT whose blocks come from the client. The engine's session is opened with the first block only: a client
// may take minutes to fill it.
type insertion struct {
	c         *connection
	q         *query
	statement session.Statement
	began     time.Time
	leave     func()
	insert    *chdb.Insert
	out       *bufio.Writer
	refused   error
}

// writer takes the next block. It never fails: after a refusal the client's data is read to its end and then answered.
func (i *insertion) writer(ctx context.Context) io.Writer {
	if i.began.IsZero() {
		i.began = time.Now()
		i.refused = i.open(ctx)
	}
	return (*insertWriter)(i)
}

func (i *insertion) open(ctx context.Context) error {
	leave, conn, err := i.c.open(ctx, i.q)
	if err != nil {
		return err
	}
	i.leave = leave
	if i.insert, err = conn.Insert(i.statement.SQL, "Native", i.q.params...); err != nil {
		return err
	}
	i.out = bufio.NewWriterSize(i.insert, chunkSize)
	return nil
}

type insertWriter insertion

func (w *insertWriter) Write(p []byte) (int, error) {
	if w.out != nil {
		_, _ = w.out.Write(p) // Commit knows the reason
	}
	return len(p), nil
}

func (i *insertion) commit() error {
	if i.refused != nil || i.insert == nil {
		return i.refused
	}
	_ = i.out.Flush() // Commit knows the reason
	summary, err := i.insert.Commit()
	i.insert.Close()
	i.insert = nil
	if err != nil {
		return err
	}
	return i.c.sendProgress(summary, i.began)
}

// close cancels an insert that was not committed and frees its session.
func (i *insertion) close() {
	if i.insert != nil {
		i.insert.Cancel()
		i.insert.Close()
	}
	if i.leave != nil {
		i.leave()
	}
}
