package chdb

import (
	"errors"
	"runtime"
	"unsafe"
)

// Insert is a running INSERT that takes its data in pieces. The session runs nothing else until it is closed.
type Insert struct {
	lib    *Library
	stream uintptr
}

// Insert starts an INSERT; sql is the statement without its FORMAT clause and data.
func (c *Conn) Insert(sql, format string, params ...Param) (*Insert, error) {
	if c.handle == nil {
		return nil, ErrClosed
	}
	p := bind(params)
	//nolint:gosec // libchdb's C interface takes pointers and lengths; KeepAlive holds what they point at
	stream := c.lib.insert(*c.handle, unsafe.StringData(sql), uintptr(len(sql)), unsafe.StringData(format), uintptr(len(format)),
		first(p.names), first(p.nameLens), first(p.values), first(p.valueLens), uintptr(len(params)))
	runtime.KeepAlive(p)
	if stream == 0 {
		return nil, errors.New("libchdb gave no insert stream")
	}
	if text := c.lib.insertError(stream); text != "" {
		c.lib.insertFree(stream)
		return nil, parseError(text)
	}
	return &Insert{lib: c.lib, stream: stream}, nil
}

// Write hands the engine the next piece of the data (it copies it) and waits when the engine is behind. An error means that
// the insert has failed; Commit says why.
func (i *Insert) Write(data []byte) (int, error) {
	if i.stream == 0 {
		return 0, ErrClosed
	}
	if len(data) == 0 {
		return 0, nil
	}
	if i.lib.insertAppend(i.stream, &data[0], uintptr(len(data))) != 0 {
		return 0, errRefused
	}
	return len(data), nil
}

var errRefused = errors.New("the engine takes no more of this insert's data")

// Commit ends the data and waits until the engine has stored it. Only without an error is it stored.
func (i *Insert) Commit() (Summary, error) {
	if i.stream == 0 {
		return Summary{}, ErrClosed
	}
	result, err := i.lib.result(i.lib.insertDone(i.stream))
	if err != nil {
		return Summary{}, err
	}
	defer result.Close()
	return result.Summary, nil
}

// Cancel ends the insert without storing what has not been stored yet.
func (i *Insert) Cancel() {
	if i.stream != 0 {
		i.lib.insertCancel(i.stream)
	}
}

// Close frees the insert; one that was not committed is cancelled. It may be called more than once.
func (i *Insert) Close() {
	if i.stream != 0 {
		i.lib.insertFree(i.stream)
		i.stream = 0
	}
}
