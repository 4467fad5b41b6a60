package tcpd

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/native"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// statement runs a statement and sends its answer, but for the packet that ends it. An error is the client's answer.
func (c *connection) statement(ctx context.Context, q *query) error {
	s, err := session.Split(q.text)
	if err != nil {
		return err
	}
	if strings.TrimSpace(q.text) == "" {
		return session.Refuse(session.CodeSyntaxError, "Syntax error: empty query")
	}
	if s.Insert {
		return c.insert(ctx, q, s)
	}
	watch := c.watch(ctx)
	err = c.execute(watch, q, s.SQL)
	watch.end()
	if watch.cancelled() && c.in.err == nil {
		return nil // ClickHouse ends a cancelled statement without an exception
	}
	return err
}

// execute runs a statement without data.
func (c *connection) execute(watch *watch, q *query, sql string) error {
	leave, conn, err := c.open(watch.ctx, q)
	if err != nil {
		return err
	}
	defer leave()
	sql = session.WithoutFormat(sql)
	if session.IsSelect(sql) {
		return c.stream(watch, q, conn, sql)
	}
	began := time.Now()
	mark := watch.mark(c.server.sessions)
	result, err := conn.Query(sql+mark, "Native", q.params...)
	if err != nil {
		return unmarked(err, mark)
	}
	defer result.Close()
	if session.ChangesSession(sql) {
		if err := c.session.remember(sql); err != nil {
			return err
		}
	}
	a := answer{connection: c, q: q}
	if err := a.blocks(result.Data); err != nil {
		return err
	}
	if a.rows > 0 {
		c.sendProfile(a.rows, a.count, uint64(len(result.Data)))
	}
	return c.sendProgress(result.Summary, began)
}

// open waits for the statement's turn and opens its session.
func (c *connection) open(ctx context.Context, q *query) (leave func(), conn *chdb.Conn, err error) {
	out, err := c.server.sessions.Enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	conn, err = c.server.sessions.Open(session.Options{Database: c.session.database, Before: c.session.sets, Settings: q.settings})
	if err != nil {
		out()
		return nil, nil, err
	}
	return func() { conn.Close(); out() }, conn, nil
}

// stream runs a SELECT and sends each piece of its answer as it comes.
func (c *connection) stream(watch *watch, q *query, conn *chdb.Conn, sql string) error {
	began := time.Now()
	mark := watch.mark(c.server.sessions)
	stream, err := conn.Stream(sql+mark, "Native", q.params...)
	if err != nil {
		return unmarked(err, mark)
	}
	defer stream.Close()
	a := answer{connection: c, q: q}
	var bytes uint64
	for watch.ctx.Err() == nil {
		piece, err := stream.Next()
		if err != nil {
			return unmarked(err, mark)
		}
		if piece == nil {
			if !a.named {
				stream.Close() // the session is free for the question what there would have been
				if err := a.name(session.ColumnsOf(conn, sql, q.params)); err != nil {
					return err
				}
			}
			c.sendProfile(a.rows, a.count, bytes)
			return c.sendProgress(readOnly(stream.Last), began)
		}
		bytes += uint64(len(piece.Data))
		err = a.blocks(piece.Data)
		summary := readOnly(piece.Summary)
		piece.Close()
		if err == nil {
			err = c.sendProgress(summary, began)
		}
		if err != nil {
			return err
		}
	}
	return session.Refuse(session.CodeCancelled, "Query was cancelled")
}

// readOnly leaves what progress tells of a SELECT.
func readOnly(s chdb.Summary) chdb.Summary {
	return chdb.Summary{ReadRows: s.ReadRows, ReadBytes: s.ReadBytes}
}

// answer sends blocks: first one without rows that names the columns, as clients expect.
type answer struct {
	*connection
	q           *query
	named       bool
	rows, count uint64
	buffer      bytes.Buffer
}

func (a *answer) name(columns []session.Column) error {
	a.named = true
	if len(columns) == 0 {
		return nil
	}
	return a.sendBlock(a.q, native.Header(nil, native.Revision(a.revision()), columns))
}

func (a *answer) blocks(data []byte) error {
	a.buffer.Reset()
	return native.Translate(data, native.Revision(a.revision()), &a.buffer, func(head native.Head) error {
		if !a.named {
			if err := a.name(head.Columns); err != nil {
				return err
			}
		}
		err := error(nil)
		if head.Rows > 0 {
			err = a.sendBlock(a.q, a.buffer.Bytes())
		}
		a.rows, a.count = a.rows+head.Rows, a.count+1
		a.buffer.Reset()
		return err
	})
}
