// Package enginetest gives tests a real ClickHouse engine: one per test binary, started when first needed, and a fresh database
// on it per test.
package enginetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/weighlock/weighlock/internal/embedded/engine"
)

// patience bounds how long a test waits for the engine to start or stop.
const patience = time.Minute

var shared struct {
	once   sync.Once
	engine *engine.Engine
	dir    string
	err    error
}

// Main runs a test binary's tests with the shared engine at hand; call it from TestMain. It does not return.
func Main(m *testing.M) {
	engine.RunIfChild()
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the shared engine:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Engine is the shared engine. Without libchdb or a clickhouse program the test fails with what to do.
func Engine(t testing.TB) *engine.Engine {
	t.Helper()
	shared.once.Do(func() { shared.engine, shared.err = start() })
	if shared.err != nil {
		t.Fatalf("the tests need a ClickHouse engine: %v", shared.err)
	}
	return shared.engine
}

func start() (*engine.Engine, error) {
	source, err := engine.Locate(engine.LocateOptions{})
	if err != nil {
		return nil, err
	}
	if shared.dir, err = os.MkdirTemp("", "weighlock-engine-"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return engine.Start(ctx, engine.Options{Dir: shared.dir, Source: source})
}

func stop() error {
	if shared.engine != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := shared.engine.Stop(ctx); err != nil {
			return err
		}
	}
	if shared.dir != "" {
		return os.RemoveAll(shared.dir)
	}
	return nil
}

// Conn is how to reach a test's own database.
type Conn struct {
	Addr, NativeAddr, User, Password, Database string
}

// Database makes a fresh database on the shared engine and drops it when the test ends.
func Database(t testing.TB) Conn {
	t.Helper()
	return DatabaseOn(t, Engine(t))
}

// DatabaseOn is Database on an engine the test has started itself. It must live until the test's cleanup.
func DatabaseOn(t testing.TB, e *engine.Engine) Conn {
	t.Helper()
	c := Conn{Addr: e.Addr, NativeAddr: e.NativeAddr, User: e.User, Password: e.Password, Database: "test_" + strings.ToLower(rand.Text()[:12])}
	if _, err := post(c.rawURL("default"), "CREATE DATABASE "+c.Database); err != nil {
		t.Fatalf("making a database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := post(c.rawURL("default"), "DROP DATABASE IF EXISTS "+c.Database+" SYNC"); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	return c
}

// URL is the HTTP address with the credentials and the database in it.
func (c Conn) URL() string { return c.rawURL(c.Database) }

func (c Conn) rawURL(database string) string {
	u := url.URL{
		Scheme: "http", User: url.UserPassword(c.User, c.Password), Host: c.Addr, Path: "/",
		RawQuery: url.Values{"database": {database}}.Encode(),
	}
	return u.String()
}

// Options are those of a clickhouse-go connection to the database, over HTTP with LZ4. A test may change them before it opens one.
func (c Conn) Options() *clickhouse.Options {
	return &clickhouse.Options{
		Protocol:    clickhouse.HTTP,
		Addr:        []string{c.Addr},
		Auth:        clickhouse.Auth{Database: c.Database, Username: c.User, Password: c.Password},
		Compression: &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
	}
}

// NativeOptions are those of a clickhouse-go connection over the native protocol with LZ4.
func (c Conn) NativeOptions() *clickhouse.Options {
	o := c.Options()
	o.Protocol, o.Addr = clickhouse.Native, []string{c.NativeAddr}
	return o
}

// Open opens a clickhouse-go connection that is closed when the test ends.
func (c Conn) Open(t testing.TB) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(c.Options())
	if err != nil {
		t.Fatalf("opening the engine: %v", err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("closing the engine's connection: %v", err)
		}
	})
	return conn
}

// Ask returns the answer to sql, with the values of its parameters; without one the test ends.
func (c Conn) Ask(t testing.TB, sql string, parameters map[string]string) string {
	t.Helper()
	values := url.Values{}
	for name, value := range parameters {
		values.Set("param_"+name, value)
	}
	text, err := post(c.URL()+"&"+values.Encode(), sql)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	return text
}

func post(address, sql string) (answer string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	return string(text), err
}
