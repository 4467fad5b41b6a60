package chdb

import (
	"errors"
	"runtime"
	"unsafe"
)

// Stream is a running statement whose answer comes in pieces. The session runs nothing else until it is closed.
type Stream struct {
	conn   *Conn
	handle uintptr
	ended  bool
	// Last counts what was done since the last piece, once Next has returned the end.
	Last Summary
}

// Stream starts a statement; its answer is read with Next in the given output format.
func (c *Conn) Stream(sql, format string, params ...Param) (*Stream, error) {
	if c.handle == nil {
		return nil, ErrClosed
	}
	p := bind(params)
	//nolint:gosec // libchdb's C interface takes pointers and lengths; KeepAlive holds what they point at
	handle := c.lib.stream(*c.handle, unsafe.StringData(sql), uintptr(len(sql)), unsafe.StringData(format), uintptr(len(format)),
		first(p.names), first(p.nameLens), first(p.values), first(p.valueLens), uintptr(len(params)))
	runtime.KeepAlive(p)
	if handle == 0 {
		return nil, errors.New("libchdb gave no stream")
	}
	if text := c.lib.resultError(handle); text != "" {
		c.lib.resultFree(handle)
		return nil, parseError(text)
	}
	return &Stream{conn: c, handle: handle}, nil
}

// Next waits for the next piece of the answer; nil without an error is the end. Close each piece before the next.
func (s *Stream) Next() (*Result, error) {
	if s.handle == 0 {
		return nil, ErrClosed
	}
	if s.ended {
		return nil, nil
	}
	result, err := s.conn.lib.result(s.conn.lib.streamFetch(*s.conn.handle, s.handle))
	if err != nil {
		s.ended = true
		return nil, err
	}
	if len(result.Data) == 0 {
		s.ended, s.Last = true, result.Summary
		result.Close()
		return nil, nil
	}
	return result, nil
}

// Close ends the statement, cancelling what is left of it. It may be called more than once.
func (s *Stream) Close() {
	if s.handle == 0 {
		return
	}
	if !s.ended {
		s.conn.lib.streamCancel(*s.conn.handle, s.handle)
	}
	s.conn.lib.resultFree(s.handle)
	s.handle = 0
}
