package httpd

import (
	"bufio"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// openBody undoes the body's encodings: HTTP's Content-Encoding first, then ClickHouse's own block framing (decompress=1).
func openBody(r *http.Request, framed bool) (io.Reader, error) {
	body, err := decodeContent(strings.ToLower(r.Header.Get("Content-Encoding")), r.Body)
	if err != nil {
		return nil, err
	}
	if framed {
		return newFrameReader(body), nil
	}
	return body, nil
}

func decodeContent(encoding string, body io.Reader) (io.Reader, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		decoded, err := gzip.NewReader(body)
		if err != nil {
			return nil, session.Refuse(session.CodeCannotRead, "the body is not gzip: %v", err)
		}
		return decoded, nil
	case "deflate":
		decoded, err := zlib.NewReader(body)
		if err != nil {
			return nil, session.Refuse(session.CodeCannotRead, "the body is not zlib: %v", err)
		}
		return decoded, nil
	case "br":
		return brotli.NewReader(body), nil
	case "lz4":
		return lz4.NewReader(body), nil
	case "zstd":
		decoded, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, session.Refuse(session.CodeCannotRead, "the body is not zstd: %v", err)
		}
		return decoded.IOReadCloser(), nil
	}
	return nil, session.Refuse(session.CodeNotImplemented, "content encoding %q is not supported", encoding)
}

// frameReader reads ClickHouse's compressed blocks and ends with io.EOF only between two blocks. The decoder alone does not tell
// that from a body that was cut right behind a block's header.
type frameReader struct {
	source  *bufio.Reader
	decoder *compress.Reader
}

func newFrameReader(body io.Reader) *frameReader {
	source := bufio.NewReaderSize(body, 64<<10)
	return &frameReader{source: source, decoder: compress.NewReader(source)}
}

func (f *frameReader) Read(p []byte) (int, error) {
	_, peeked := f.source.Peek(1)
	n, err := f.decoder.Read(p)
	if err != nil && errors.Is(err, io.EOF) {
		if peeked != nil {
			return n, peeked
		}
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}
