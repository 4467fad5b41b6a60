// Package ask puts one query to ClickHouse, over HTTP or the native protocol as the URL says.
package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/weighlock/weighlock/internal/clickhouse"
)

// Database is where the sink writes.
const Database = "weighlock"

// ClickHouse runs sql, read-only, and copies the answer to w.
func ClickHouse(ctx context.Context, base, sql, format string, w io.Writer) error {
	return run(ctx, base, sql, format, nil, w)
}

// With is [ClickHouse] with the query's parameters.
func With(ctx context.Context, base, sql, format string, params map[string]string, w io.Writer) error {
	return run(ctx, base, sql, format, params, w)
}

func run(ctx context.Context, base, sql, format string, values map[string]string, w io.Writer) error {
	a, err := clickhouse.Parse(base)
	if err != nil {
		return fmt.Errorf("the ClickHouse URL %w: use %s", err, clickhouse.Forms)
	}
	if a.Native {
		return runNative(ctx, a, sql, format, values, w)
	}
	u, err := url.Parse(base)
	if err != nil { // it was read just now
		return errors.New("the ClickHouse URL is not a URL")
	}
	user := u.User
	u.User, u.Path = nil, "/"
	params := u.Query()
	params.Set("database", Database)
	params.Set("default_format", format)
	params.Set("readonly", "2")
	params.Set("output_format_pretty_color", "0")
	params.Set("output_format_pretty_row_numbers", "0")
	if format == rowFormat {
		params.Set("output_format_json_quote_64bit_integers", "1") // JSON's numbers are not exact beyond 2^53
	}
	for name, value := range values {
		params.Set("param_"+name, value)
	}
	u.RawQuery = params.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(sql))
	if err != nil {
		return err
	}
	if user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking ClickHouse: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 8<<10))
		return fmt.Errorf("ClickHouse refused the query: %s", strings.TrimSpace(string(text)))
	}
	_, err = io.Copy(w, resp.Body)
	return err
}
