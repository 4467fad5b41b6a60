package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"

	"github.com/weighlock/weighlock/internal/clickhouse"
)

// httpTransport is ClickHouse's HTTP interface.
type httpTransport struct {
	endpoint url.URL // without user, password and query
	settings url.Values
	user     string
	password string
	lz4      bool
	http     *http.Client
}

func newHTTPTransport(a clickhouse.Address) *httpTransport {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented; nobody here replaces it
	transport.MaxIdleConnsPerHost = connectionsIdle
	transport.DisableCompression = true
	transport.WriteBufferSize = 256 << 10
	scheme := "http"
	if a.Secure {
		scheme = "https"
	}
	return &httpTransport{
		endpoint: url.URL{Scheme: scheme, Host: a.Host, Path: a.Path}, settings: a.Settings, user: a.User, password: a.Password,
		lz4: !a.Loopback(), http: &http.Client{Transport: transport, Timeout: requestTimeout},
	}
}

func (c *httpTransport) closeIdle() { c.http.CloseIdleConnections() }

func (c *httpTransport) query(ctx context.Context, database, sql string, params map[string]string) (string, error) {
	v := url.Values{}
	for name, value := range params {
		v.Set("param_"+name, value)
	}
	return c.post(ctx, database, v, strings.NewReader(sql))
}

func (c *httpTransport) insert(ctx context.Context, database string, t *table, rows int, buffer *proto.Buffer, settings map[string]string) error {
	buffer.Reset()
	if err := t.encode(buffer, rows); err != nil {
		return fmt.Errorf("encoding %d rows of %s: %w", rows, t.name, err)
	}
	block := buffer.Buf
	v := url.Values{"query": {t.statement()}, "wait_end_of_query": {"1"}}
	for name, value := range settings {
		v.Set(name, value)
	}
	if c.lz4 {
		w := compress.NewWriter(compress.LevelZero, compress.LZ4)
		var framed bytes.Buffer
		const frame = 1 << 20
		for rest := block; len(rest) > 0; rest = rest[min(frame, len(rest)):] {
			if err := w.Compress(rest[:min(frame, len(rest))]); err != nil {
				return fmt.Errorf("compressing an insert: %w", err)
			}
			framed.Write(w.Data)
		}
		v.Set("decompress", "1")
		block = framed.Bytes()
	}
	_, err := c.post(ctx, database, v, bytes.NewReader(block))
	return err
}

func (c *httpTransport) post(ctx context.Context, database string, v url.Values, body io.Reader) (string, error) {
	u := c.endpoint
	for name, values := range c.settings {
		if !v.Has(name) {
			v[name] = values
		}
	}
	if database != "" {
		v.Set("database", database)
	}
	u.RawQuery = v.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), body)
	if err != nil {
		return "", fmt.Errorf("asking ClickHouse at %s: %w", c.endpoint.Host, err)
	}
	if c.user != "" {
		request.Header.Set("X-ClickHouse-User", c.user)
		request.Header.Set("X-ClickHouse-Key", c.password)
	}
	response, err := c.http.Do(request)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok { // repeats the whole URL
			err = ue.Err
		}
		return "", fmt.Errorf("asking ClickHouse at %s: %w", c.endpoint.Host, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("reading ClickHouse's answer: %w", err)
	}
	code, _ := strconv.Atoi(response.Header.Get("X-ClickHouse-Exception-Code"))
	if response.StatusCode != http.StatusOK || code != 0 {
		return "", &clickhouse.ServerError{Code: code, Text: fmt.Sprintf("%s: %.500s", response.Status, strings.TrimSpace(string(text)))}
	}
	return string(text), nil
}
