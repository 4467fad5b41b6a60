package httpd

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/weighlock/weighlock/internal/embedded/engine/native"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// openBody undoes the body's encodings: HTTP's Content-Encoding first, then ClickHouse's own block framing (decompress=1).
func openBody(r *http.Request, framed bool) (io.Reader, error) {
	body, err := decodeContent(strings.ToLower(r.Header.Get("Content-Encoding")), r.Body)
	if err != nil {
		return nil, err
	}
	if framed {
		return native.NewFrameReader(body), nil
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
