package clickhouse

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

const (
	dialTimeout = 10 * time.Second
	// patience is how long the server may be silent in the middle of a statement.
	patience = 2 * time.Minute
	keepIdle = 8
)

// ServerError is what ClickHouse answered instead of a result.
type ServerError struct {
	Code int // ClickHouse's error code, 0 where it gave none
	Text string
}

// Error returns ClickHouse's text.
func (e *ServerError) Error() string { return "clickhouse: " + e.Text }

// Native is a small pool of connections over the native protocol. It is safe for use by several goroutines.
type Native struct {
	address Address

	mu   sync.Mutex
	idle map[string][]*ch.Client // by database
}

// NewNative makes a pool; nothing is dialed before Do.
func NewNative(a Address) *Native { return &Native{address: a, idle: map[string][]*ch.Client{}} }

// Do runs q in a database; empty means the user's default. A refusal is a *[ServerError]. The address's settings hold where q has none.
func (n *Native) Do(ctx context.Context, database string, q ch.Query) error {
	client, err := n.take(ctx, database)
	if err != nil {
		return n.explain(err)
	}
	given := map[string]bool{}
	for _, s := range q.Settings {
		given[s.Key] = true
	}
	for name, values := range n.address.Settings {
		if !given[name] {
			q.Settings = append(q.Settings, Setting(name, values[0]))
		}
	}
	if err := client.Do(ctx, q); err != nil {
		_ = client.Close() // it may have closed itself; what is left in it belongs to no statement
		if _, refused := ch.AsException(err); !refused {
			n.CloseIdle() // the others' server is gone as well
		}
		return n.explain(err)
	}
	n.put(database, client)
	return nil
}

func (n *Native) take(ctx context.Context, database string) (*ch.Client, error) {
	n.mu.Lock()
	if list := n.idle[database]; len(list) > 0 {
		client := list[len(list)-1]
		n.idle[database] = list[:len(list)-1]
		n.mu.Unlock()
		return client, nil
	}
	n.mu.Unlock()
	options := ch.Options{
		Address: n.address.Host, Database: database, User: n.address.User, Password: n.address.Password, ClientName: "weighlock",
		DialTimeout: dialTimeout, HandshakeTimeout: dialTimeout, ReadTimeout: patience,
	}
	if n.address.Secure {
		options.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if !n.address.Loopback() {
		options.Compression = ch.CompressionLZ4
	}
	return ch.Dial(ctx, options)
}

func (n *Native) put(database string, client *ch.Client) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.idle[database]) >= keepIdle {
		_ = client.Close() // nothing waits on it
		return
	}
	n.idle[database] = append(n.idle[database], client)
}

// CloseIdle closes the connections that no statement uses.
func (n *Native) CloseIdle() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, list := range n.idle {
		for _, client := range list {
			_ = client.Close() // likewise
		}
	}
	clear(n.idle)
}

func (n *Native) explain(err error) error {
	if e, ok := ch.AsException(err); ok {
		return &ServerError{Code: int(e.Code), Text: fmt.Sprintf("%.500s", strings.TrimSpace(e.Message))}
	}
	return fmt.Errorf("asking ClickHouse at %s: %w", n.address.Host, err)
}

// Setting is one that the server must know.
func Setting(name, value string) ch.Setting {
	return ch.Setting{Key: name, Value: value, Important: true}
}

var escape = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// Parameters are the values of a statement's {name:Type}, in the escaped form that HTTP's param_name takes.
func Parameters(values map[string]string) []proto.Parameter {
	var list []proto.Parameter
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, proto.Parameter{Key: name, Value: "'" + escape.Replace(values[name]) + "'"})
	}
	return list
}

// Texts runs a statement whose columns are all String and calls each for every row; row is valid during the call only.
func (n *Native) Texts(ctx context.Context, database string, q ch.Query, each func(row []string) error) error {
	var columns proto.Results
	var row []string
	q.Result = columns.Auto()
	q.OnResult = func(_ context.Context, block proto.Block) error {
		for i := range block.Rows {
			row = row[:0]
			for _, c := range columns {
				texts, ok := c.Data.(*proto.ColStr)
				if !ok {
					return fmt.Errorf("column %s is a %T, not a String", c.Name, c.Data)
				}
				row = append(row, texts.Row(i))
			}
			if err := each(row); err != nil {
				return err
			}
		}
		return nil
	}
	return n.Do(ctx, database, q)
}
