// Package chdb binds libchdb, ClickHouse's engine as a library, without cgo.
//
// One process has one engine on one directory. A [Conn] is one session of it: sessions run in parallel, the calls on one session
// do not. Everything here blocks the calling goroutine until the engine has answered.
package chdb

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/ebitengine/purego"
)

// Library is a loaded libchdb.
type Library struct {
	path string

	setSignals  func(enabled int32)
	connect     func(argc int32, argv **byte) *uintptr
	closeConn   func(conn *uintptr)
	query       func(conn uintptr, sql *byte, n uintptr, format *byte, fn uintptr, names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) uintptr
	resultData  func(result uintptr) *byte
	resultLen   func(result uintptr) uintptr
	resultError func(result uintptr) string
	resultFree  func(result uintptr)
	readRows    func(result uintptr) uint64
	readBytes   func(result uintptr) uint64
	writeRows   func(result uintptr) uint64
	writeBytes  func(result uintptr) uint64
	resultRows  func(result uintptr) uint64

	stream       func(conn uintptr, sql *byte, n uintptr, format *byte, fn uintptr, names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) uintptr
	streamFetch  func(conn, stream uintptr) uintptr
	streamCancel func(conn, stream uintptr)

	insert       func(conn uintptr, sql *byte, n uintptr, format *byte, fn uintptr, names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) uintptr
	insertAppend func(stream uintptr, data *byte, n uintptr) int32
	insertDone   func(stream uintptr) uintptr
	insertCancel func(stream uintptr)
	insertError  func(stream uintptr) string
	insertFree   func(stream uintptr)
}

// Open loads the library at path. It can be done once per process; the library is never unloaded.
func Open(path string) (*Library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("loading libchdb from %s: %w", path, err)
	}
	l := &Library{path: path}
	for name, fn := range l.symbols() {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("loading libchdb from %s: no symbol %s, another version is needed: %w", path, name, err)
		}
		purego.RegisterFunc(fn, address)
	}
	l.setSignals(0) // the Go runtime owns the signals of this process
	return l, nil
}

func (l *Library) symbols() map[string]any {
	return map[string]any{
		"chdb_set_signal_handlers_enabled": &l.setSignals,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_query_with_params_n":         &l.query,
		"chdb_result_buffer":               &l.resultData,
		"chdb_result_length":               &l.resultLen,
		"chdb_result_error":                &l.resultError,
		"chdb_destroy_query_result":        &l.resultFree,
		"chdb_result_rows_read":            &l.resultRows,
		"chdb_result_storage_rows_read":    &l.readRows,
		"chdb_result_storage_bytes_read":   &l.readBytes,
		"chdb_result_rows_written":         &l.writeRows,
		"chdb_result_bytes_written":        &l.writeBytes,
		"chdb_stream_query_with_params_n":  &l.stream,
		"chdb_stream_fetch_result":         &l.streamFetch,
		"chdb_stream_cancel_query":         &l.streamCancel,
		"chdb_stream_insert_with_params_n": &l.insert,
		"chdb_stream_append":               &l.insertAppend,
		"chdb_stream_done":                 &l.insertDone,
		"chdb_stream_cancel_insert":        &l.insertCancel,
		"chdb_stream_insert_error":         &l.insertError,
		"chdb_destroy_insert_stream":       &l.insertFree,
	}
}

// Connect opens a session of the engine on dir; the first one starts the engine (about 0.2 s, 200 MB), later ones cost little.
// Keep one open for the life of the process: closing the last one stops the engine.
func (l *Library) Connect(dir string) (*Conn, error) {
	argv := cStrings("clickhouse", "--path="+dir)
	handle := l.connect(int32(len(argv)), &argv[0])
	runtime.KeepAlive(argv)
	if handle == nil || *handle == 0 {
		return nil, fmt.Errorf("opening the engine on %s: libchdb refused; its reason is on standard error", dir)
	}
	return &Conn{lib: l, handle: handle}, nil
}

// ErrClosed is returned for calls on a session that has been closed.
var ErrClosed = errors.New("engine session is closed")

func cStrings(list ...string) []*byte {
	pointers := make([]*byte, len(list))
	for i, s := range list {
		pointers[i] = &append([]byte(s), 0)[0]
	}
	return pointers
}
