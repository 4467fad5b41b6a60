package httpd

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/native"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// chunkSize is how much of an insert's data goes to the engine in one call.
const chunkSize = 1 << 20

// insert streams data to the engine and answers once it is stored.
func (s *Server) insert(w http.ResponseWriter, conn *chdb.Conn, o *options, statement session.Statement, data io.Reader) error {
	insert, err := conn.Insert(statement.SQL, statement.Format, o.params...)
	if err != nil {
		return err
	}
	defer insert.Close()
	if err := feed(insert, data); err != nil {
		insert.Cancel()
		return err
	}
	summary, err := insert.Commit()
	if err != nil {
		return err
	}
	s.describe(w, summary, statement.Format)
	w.Header().Set("Content-Length", "0")
	return nil
}

// feed hands data over in chunks. Only a clean io.EOF is the end: a body cut short (io.ErrUnexpectedEOF) must not be stored as if
// it were whole. When the engine refuses a chunk the rest is not read; Commit knows the reason.
func feed(insert *chdb.Insert, data io.Reader) error {
	buffer, filled := make([]byte, chunkSize), 0
	for {
		n, err := data.Read(buffer[filled:])
		filled += n
		if err != nil && err != io.EOF {
			return readFailed(err)
		}
		if err == io.EOF || filled == len(buffer) {
			if _, refused := insert.Write(buffer[:filled]); refused != nil || err == io.EOF {
				return nil //nolint:nilerr // Commit knows the reason
			}
			filled = 0
		}
	}
}

// query runs a statement without data and writes its answer.
func (s *Server) query(w http.ResponseWriter, conn *chdb.Conn, o *options, statement session.Statement) error {
	format := either(statement.Format, either(o.format, "TabSeparated"))
	result, err := conn.Query(statement.SQL, format, o.params...)
	if err != nil {
		return err
	}
	defer result.Close()
	body := result.Data
	if strings.EqualFold(format, "Native") {
		if body, err = blocks(conn, o, statement, body); err != nil {
			return err
		}
	}
	if o.compress && len(body) > 0 {
		var out bytes.Buffer
		if _, err := native.NewFramed(&out, o.zstd).Write(body); err != nil {
			return err
		}
		body = out.Bytes()
	}
	s.describe(w, result.Summary, format)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) //nolint:gosec // data for a ClickHouse client, with its type; if it fails the client is gone
	return nil
}

// blocks brings the engine's Native answer to the client's revision; an answer without rows still names its columns.
func blocks(conn *chdb.Conn, o *options, statement session.Statement, data []byte) ([]byte, error) {
	revision := native.Revision(o.revision)
	if len(data) == 0 {
		columns := session.ColumnsOf(conn, statement.SQL, o.params)
		if len(columns) == 0 {
			return nil, nil
		}
		return native.Header(nil, revision, columns), nil
	}
	if o.revision == 0 {
		return data, nil
	}
	var out bytes.Buffer
	out.Grow(len(data) + 64)
	err := native.Translate(data, revision, &out, func(native.Head) error { return nil })
	return out.Bytes(), err
}

// describe sets the headers that tell about a statement that went well.
func (s *Server) describe(w http.ResponseWriter, sum chdb.Summary, format string) {
	h := w.Header()
	h.Set("X-ClickHouse-Format", format)
	h.Set("Content-Type", contentType(format))
	h.Set("X-ClickHouse-Timezone", "UTC")
	h.Set("X-ClickHouse-Summary", fmt.Sprintf(
		`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d","total_rows_to_read":"0","result_rows":"%d","result_bytes":"0"}`,
		sum.ReadRows, sum.ReadBytes, sum.WrittenRows, sum.WrittenBytes, sum.ResultRows))
}

func contentType(format string) string {
	switch {
	case format == "JSONEachRow", format == "JSONCompactEachRow", format == "JSONStringsEachRow":
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(format, "JSON"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(format, "CSV"):
		return "text/csv; charset=UTF-8; header=absent"
	case strings.HasPrefix(format, "TabSeparated"), strings.HasPrefix(format, "TSV"):
		return "text/tab-separated-values; charset=UTF-8"
	case format == "Native", format == "Parquet", format == "RowBinary", strings.HasPrefix(format, "Arrow"):
		return "application/octet-stream"
	}
	return "text/plain; charset=UTF-8"
}
