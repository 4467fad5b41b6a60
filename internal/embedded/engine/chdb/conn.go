package chdb

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Conn is one session: its settings and current database are its own. It runs one statement at a time and is not safe for use
// by several goroutines.
type Conn struct {
	lib    *Library
	handle *uintptr
}

// Param is the value of a {name:Type} placeholder, in the escaped text form of TabSeparated: \N is NULL, a backslash is \\.
type Param struct {
	Name, Value string
}

// Summary counts what a statement did, as ClickHouse reports it in X-ClickHouse-Summary.
type Summary struct {
	ReadRows, ReadBytes, WrittenRows, WrittenBytes, ResultRows uint64
}

// Result is the answer of a statement. Data is the engine's memory: it is valid until Close.
type Result struct {
	Summary
	Data   []byte
	lib    *Library
	handle uintptr
}

// Query runs one statement and returns its whole answer in the given output format, or *[Error] with the engine's reason.
func (c *Conn) Query(sql, format string, params ...Param) (*Result, error) {
	if c.handle == nil {
		return nil, ErrClosed
	}
	p := bind(params)
	//nolint:gosec // libchdb's C interface takes pointers and lengths; KeepAlive holds what they point at
	handle := c.lib.query(*c.handle, unsafe.StringData(sql), uintptr(len(sql)), unsafe.StringData(format), uintptr(len(format)),
		first(p.names), first(p.nameLens), first(p.values), first(p.valueLens), uintptr(len(params)))
	runtime.KeepAlive(p)
	return c.lib.result(handle)
}

// Close ends the session. It may be called more than once.
func (c *Conn) Close() {
	if c.handle != nil {
		c.lib.closeConn(c.handle)
		c.handle = nil
	}
}

func (l *Library) result(handle uintptr) (*Result, error) {
	if handle == 0 {
		return nil, fmt.Errorf("libchdb gave no result")
	}
	if text := l.resultError(handle); text != "" {
		l.resultFree(handle)
		return nil, parseError(text)
	}
	r := &Result{lib: l, handle: handle, Summary: Summary{
		ReadRows: l.readRows(handle), ReadBytes: l.readBytes(handle), ResultRows: l.resultRows(handle),
		WrittenRows: l.writeRows(handle), WrittenBytes: l.writeBytes(handle),
	}}
	if data, n := l.resultData(handle), l.resultLen(handle); data != nil && n > 0 {
		r.Data = unsafe.Slice(data, n) //nolint:gosec // the engine's own memory and its length, valid until Close
	}
	return r, nil
}

// Close gives the engine its memory back; Data must not be used afterwards. It may be called more than once.
func (r *Result) Close() {
	if r.handle != 0 {
		r.lib.resultFree(r.handle)
		r.handle, r.Data = 0, nil
	}
}

// bound holds the parameters in the shape the C calls take. Go does not move heap memory, so that C may read it during the call.
type bound struct {
	names, values       []*byte
	nameLens, valueLens []uintptr
}

func bind(params []Param) *bound {
	b := &bound{}
	for _, p := range params {
		b.names, b.nameLens = append(b.names, cStrings(p.Name)[0]), append(b.nameLens, uintptr(len(p.Name)))
		b.values, b.valueLens = append(b.values, cStrings(p.Value)[0]), append(b.valueLens, uintptr(len(p.Value)))
	}
	return b
}

func first[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}
