package httpd

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

const (
	// headSize is how far into a body an INSERT's FORMAT is looked for: ClickHouse's own default max_query_size.
	headSize = 256 << 10
	// maxText bounds a statement that is not an insert with data.
	maxText = 64 << 20
)

// readStatement finds the statement and, for an insert, the reader of its data. The text is the query parameter, a line break
// and the body, as in ClickHouse.
func readStatement(r *http.Request, o *options) (session.Statement, io.Reader, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return session.Statement{}, nil, session.Refuse(session.CodeNotImplemented, "external tables are not supported by the local engine")
	}
	body, err := openBody(r, o.decompress)
	if err != nil {
		return session.Statement{}, nil, err
	}
	if o.query != "" {
		text := o.query + "\n"
		if s, err := session.Split(text); err == nil && s.Insert {
			return s, io.MultiReader(strings.NewReader(text[s.DataAt:]), body), nil
		}
		body = io.MultiReader(strings.NewReader(text), body)
	}
	return splitBody(body)
}

// splitBody reads the statement from the body itself.
func splitBody(body io.Reader) (session.Statement, io.Reader, error) {
	buffered := bufio.NewReaderSize(body, headSize)
	head, err := buffered.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return session.Statement{}, nil, readFailed(err)
	}
	if s, err := session.Split(string(head)); err == nil && s.Insert {
		if _, err := buffered.Discard(s.DataAt); err != nil {
			return session.Statement{}, nil, readFailed(err)
		}
		return s, buffered, nil
	}
	text, err := io.ReadAll(io.LimitReader(buffered, maxText+1))
	if err != nil {
		return session.Statement{}, nil, readFailed(err)
	}
	if len(text) > maxText {
		return session.Statement{}, nil, session.Refuse(session.CodeQueryTooLarge, "the statement is longer than %d bytes", maxText)
	}
	if strings.TrimSpace(string(text)) == "" {
		return session.Statement{}, nil, session.Refuse(session.CodeSyntaxError, "Syntax error: empty query")
	}
	s, err := session.Split(string(text))
	return s, nil, err
}

func readFailed(err error) error {
	if e, ok := errors.AsType[*chdb.Error](err); ok {
		return e
	}
	return session.Refuse(session.CodeCannotRead, "reading the request's body: %v", err)
}
