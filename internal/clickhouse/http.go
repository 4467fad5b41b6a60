package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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

func newHTTPTransport(a Address) *httpTransport {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented; nobody here replaces it
	transport.MaxIdleConnsPerHost = keepIdle
	transport.DisableCompression = true
	transport.WriteBufferSize = 256 << 10
	scheme := "http"
	if a.Secure {
		scheme = "https"
	}
	return &httpTransport{
		endpoint: url.URL{Scheme: scheme, Host: a.Host, Path: a.Path}, settings: a.Settings, user: a.User, password: a.Password,
		lz4: !a.Loopback(), http: &http.Client{Transport: transport, Timeout: patience},
	}
}

func (c *httpTransport) closeIdle() { c.http.CloseIdleConnections() }

func (c *httpTransport) query(ctx context.Context, database, sql string, params map[string]string) (string, error) {
	v := url.Values{}
	for name, value := range params {
		v.Set("param_"+name, value)
	}
	return c.post(ctx, database, v, textBody(sql))
}

func (c *httpTransport) insert(ctx context.Context, database string, t *Table, rows int, settings map[string]string) error {
	block, err := t.block(rows)
	if err != nil {
		return err
	}
	v := url.Values{"query": {t.statement()}, "wait_end_of_query": {"1"}}
	for name, value := range settings {
		v.Set(name, value)
	}
	if c.lz4 {
		v.Set("decompress", "1")
		_, err = c.post(ctx, database, v, body{func() io.Reader { return newFramed(block.reader()) }, -1})
		return err
	}
	_, err = c.post(ctx, database, v, body{block.reader, block.size()})
	return err
}

// body is what a request carries.
type body struct {
	open func() io.Reader // from the start: a request is sent again where the connection turns out to be closed
	size int64            // -1 where that is not known
}

func textBody(text string) body {
	return body{func() io.Reader { return strings.NewReader(text) }, int64(len(text))}
}

func (c *httpTransport) post(ctx context.Context, database string, v url.Values, b body) (string, error) {
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
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), b.open())
	if err != nil {
		return "", fmt.Errorf("asking ClickHouse at %s: %w", c.endpoint.Host, err)
	}
	request.ContentLength = b.size
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(b.open()), nil }
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
		return "", &ServerError{Code: code, Text: fmt.Sprintf("%s: %.500s", response.Status, strings.TrimSpace(string(text)))}
	}
	return string(text), nil
}
