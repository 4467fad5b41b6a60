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
)

// client speaks ClickHouse's HTTP interface. Rows go as Native blocks built column by column, which costs a fifth of handing
// single values to a driver.
type client struct {
	endpoint url.URL // without user, password and query
	settings url.Values
	user     string
	password string
	database string
	lz4      bool
	http     *http.Client
}

func newClient(c Config) (*client, error) {
	u, err := url.Parse(c.ClickHouseURL)
	if err != nil {
		return nil, errors.New("the ClickHouse URL cannot be read") // err repeats the URL with its password
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented; nobody here replaces it
	transport.MaxIdleConnsPerHost = connectionsIdle
	transport.DisableCompression = true
	transport.WriteBufferSize = 256 << 10
	cl := &client{
		endpoint: url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}, settings: u.Query(), database: c.Database,
		lz4: !loopback(u.Hostname()), http: &http.Client{Transport: transport, Timeout: requestTimeout},
	}
	if cl.endpoint.Path == "" {
		cl.endpoint.Path = "/"
	}
	cl.user = u.User.Username()
	cl.password, _ = u.User.Password()
	cl.settings.Del("database")
	return cl, nil
}

// ServerError is what ClickHouse answered instead of a result.
type ServerError struct {
	Code int // ClickHouse's error code, 0 where it gave none
	Text string
}

func (e *ServerError) Error() string { return "clickhouse: " + e.Text }

// ClickHouse's codes for what a restored or emptied server lacks.
const (
	codeUnknownTable    = 60
	codeUnknownDatabase = 81
)

func lacksSchema(err error) bool {
	var e *ServerError
	return errors.As(err, &e) && (e.Code == codeUnknownTable || e.Code == codeUnknownDatabase)
}

// query runs a statement and returns its answer as tab-separated text. An empty database means the server's default.
func (c *client) query(ctx context.Context, database, sql string, params ...string) (string, error) {
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		v.Set("param_"+params[i], params[i+1])
	}
	return c.post(ctx, database, v, strings.NewReader(sql))
}

// insert sends rows encoded as one Native block. The same token twice is stored once.
func (c *client) insert(ctx context.Context, statement string, block []byte, token string) error {
	v := url.Values{
		"query":                      {statement},
		"insert_deduplication_token": {token},
		"insert_deduplicate":         {"1"},
		// The server's default since 26.2 is to buffer inserts and drop the token with them.
		"async_insert": {"0"},
		"deduplicate_blocks_in_dependent_materialized_views": {"1"},
		// A batch may span any number of months; the limit would refuse it for ever.
		"max_partitions_per_insert_block": {maxPartitionsOff},
		"wait_end_of_query":               {"1"},
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
	_, err := c.post(ctx, c.database, v, bytes.NewReader(block))
	return err
}

func (c *client) post(ctx context.Context, database string, v url.Values, body io.Reader) (string, error) {
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
		return "", &ServerError{Code: code, Text: fmt.Sprintf("%s: %.500s", response.Status, strings.TrimSpace(string(text)))}
	}
	return string(text), nil
}
