package clickhouse

import (
	"context"
	"strings"

	"github.com/ClickHouse/ch-go"
)

// Client puts statements and blocks to ClickHouse, over HTTP and the native protocol alike. It is safe for use by several goroutines.
type Client struct {
	Database string // where Insert writes
	via      transport
}

// transport is one of ClickHouse's interfaces. An empty database means the server's default.
type transport interface {
	// query runs a statement and returns its answer, tab-separated. Its columns are all String.
	query(ctx context.Context, database, sql string, params map[string]string) (string, error)
	// insert sends the rows collected in t as one block.
	insert(ctx context.Context, database string, t *Table, rows int, settings map[string]string) error
	closeIdle()
}

// NewClient makes a client of the server at an address that [Parse] takes; nothing is dialed before it is used.
func NewClient(address, database string) (*Client, error) {
	a, err := Parse(address)
	if err != nil {
		return nil, err
	}
	if a.Native {
		return &Client{database, nativeTransport{NewNative(a)}}, nil
	}
	return &Client{database, newHTTPTransport(a)}, nil
}

// Query runs a statement whose columns are all String and returns its answer as tab-separated text. An empty database means the
// server's default. params are names and values of its {name:Type}, by turns.
func (c *Client) Query(ctx context.Context, database, sql string, params ...string) (string, error) {
	values := map[string]string{}
	for i := 0; i+1 < len(params); i += 2 {
		values[params[i]] = params[i+1]
	}
	return c.via.query(ctx, database, sql, values)
}

// Insert sends what is collected in t, so many rows, as one block under settings. A refusal is a *[ServerError], as it is of Query.
func (c *Client) Insert(ctx context.Context, t *Table, rows int, settings map[string]string) error {
	return c.via.insert(ctx, c.Database, t, rows, settings)
}

// CloseIdle closes the connections that nothing uses.
func (c *Client) CloseIdle() { c.via.closeIdle() }

// nativeTransport is the native protocol over TCP.
type nativeTransport struct{ *Native }

func (n nativeTransport) query(ctx context.Context, database, sql string, params map[string]string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var answer strings.Builder
	err := n.Texts(ctx, database, ch.Query{Body: sql, Parameters: Parameters(params)}, func(row []string) error {
		answer.WriteString(strings.Join(row, "\t") + "\n")
		return nil
	})
	return answer.String(), err
}

func (n nativeTransport) insert(ctx context.Context, database string, t *Table, _ int, settings map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	q := ch.Query{Body: t.statement(), Input: t.input}
	for name, value := range settings {
		q.Settings = append(q.Settings, Setting(name, value))
	}
	return n.Do(ctx, database, q)
}

func (n nativeTransport) closeIdle() { n.CloseIdle() }
