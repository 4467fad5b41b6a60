package ask

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/ClickHouse/ch-go"

	"github.com/weighlock/weighlock/internal/clickhouse"
)

// rowFormats are what a server writes row by row: the native protocol carries values, and text only as a value.
var rowFormats = map[string]string{
	"JSONEachRow": "JSONEachRow", "JSONCompactEachRow": "JSONCompactEachRow", "CSV": "CSV", "CSVWithNames": "CSV",
	"TSV": "TSV", "TabSeparated": "TSV", "TSVWithNames": "TSV", "TabSeparatedWithNames": "TSV",
}

// native answers a query over the native protocol: the server makes text of each row, what goes around the rows is made here.
type native struct {
	pool   *clickhouse.Native
	base   ch.Query
	inner  string // the query as a table
	dbName string
}

func runNative(ctx context.Context, a clickhouse.Address, sql, format string, values map[string]string, w io.Writer) error {
	n := native{pool: clickhouse.NewNative(a), dbName: Database, inner: "(\n" + strings.TrimRight(strings.TrimSpace(sql), ";") + "\n)"}
	defer n.pool.CloseIdle()
	if a.Database != "" {
		n.dbName = a.Database
	}
	n.base.Parameters = clickhouse.Parameters(values)
	n.base.Settings = []ch.Setting{clickhouse.Setting("readonly", "2")}
	if format == rowFormat || format == "JSON" {
		n.base.Settings = append(n.base.Settings, clickhouse.Setting("output_format_json_quote_64bit_integers", "1"))
	}
	out := bufio.NewWriter(w)
	err := n.write(ctx, out, format)
	if refused, ok := errors.AsType[*clickhouse.ServerError](err); ok {
		err = fmt.Errorf("ClickHouse refused the query: %s", refused.Text)
	}
	return errors.Join(err, out.Flush())
}

func (n native) write(ctx context.Context, out *bufio.Writer, format string) error {
	switch row := rowFormats[format]; {
	case strings.HasPrefix(format, "Pretty"):
		return n.pretty(ctx, out)
	case format == "JSON":
		return n.document(ctx, out)
	case row == "":
		return fmt.Errorf("format %s needs ClickHouse's HTTP interface (http:// or https://): over clickhouse:// there are Pretty, JSON, JSONEachRow, CSV, TSV and those with names", format)
	default:
		if strings.HasSuffix(format, "WithNames") {
			if err := n.names(ctx, out, row); err != nil {
				return err
			}
		}
		return n.rows(ctx, row, func(text string) error { _, err := out.WriteString(text); return err })
	}
}

// rows calls each with every row as the server writes it, its line break included.
func (n native) rows(ctx context.Context, format string, each func(text string) error) error {
	q := n.base
	q.Body = "SELECT formatRow('" + format + "', *) FROM " + n.inner
	return n.pool.Texts(ctx, n.dbName, q, func(row []string) error { return each(row[0]) })
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func (n native) columns(ctx context.Context) ([]column, error) {
	q := n.base
	q.Body = "DESCRIBE TABLE " + n.inner
	var list []column
	err := n.pool.Texts(ctx, n.dbName, q, func(row []string) error {
		list = append(list, column{row[0], row[1]})
		return nil
	})
	return list, err
}

func (n native) names(ctx context.Context, out *bufio.Writer, format string) error {
	columns, err := n.columns(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
		if format == "CSV" {
			names[i] = `"` + strings.ReplaceAll(c.Name, `"`, `""`) + `"`
		}
	}
	separator := "\t"
	if format == "CSV" {
		separator = ","
	}
	_, err = out.WriteString(strings.Join(names, separator) + "\n")
	return err
}

func (n native) pretty(ctx context.Context, out *bufio.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	heading := bufio.NewWriter(table)
	if err := errors.Join(n.names(ctx, heading, "TSV"), heading.Flush()); err != nil {
		return err
	}
	err := n.rows(ctx, "TSV", func(text string) error { _, err := io.WriteString(table, text); return err })
	return errors.Join(err, table.Flush())
}

func (n native) document(ctx context.Context, out *bufio.Writer) error {
	columns, err := n.columns(ctx)
	if err != nil {
		return err
	}
	answer := struct {
		Meta []column          `json:"meta"`
		Data []json.RawMessage `json:"data"`
		Rows int               `json:"rows"`
	}{Meta: columns, Data: []json.RawMessage{}}
	err = n.rows(ctx, rowFormat, func(text string) error {
		answer.Data = append(answer.Data, json.RawMessage(text))
		return nil
	})
	if err != nil {
		return err
	}
	answer.Rows = len(answer.Data)
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "\t")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}
