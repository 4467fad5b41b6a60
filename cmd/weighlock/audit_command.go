package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// auditDatabase is where the sink writes.
const auditDatabase = "weighlock"

func (c *cli) auditCommand() *cobra.Command {
	command := &cobra.Command{Use: "audit", Short: "Ask ClickHouse what happened"}
	var format string
	query := &cobra.Command{
		Use:   "query SQL",
		Short: "Run one SELECT over the audit; - reads it from standard input",
		Example: `  weighlock audit query "SELECT agent, tool, level, outcome FROM action_state ORDER BY proposed_at DESC LIMIT 10"
  weighlock audit query --format CSVWithNames "SELECT * FROM decisions" > decisions.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sql := args[0]
			if sql == "-" {
				text, err := io.ReadAll(cmd.InOrStdin())
				if err != nil {
					return fmt.Errorf("reading the query: %w", err)
				}
				sql = string(text)
			}
			place, err := c.place()
			if err != nil {
				return err
			}
			if place.ClickHouseURL == "" {
				return errors.New("the pipeline runs without ClickHouse: `weighlock doctor` says what is missing")
			}
			if format == "" {
				format = "PrettyCompactMonoBlock"
				if c.json {
					format = "JSON"
				}
			}
			return queryClickHouse(cmd.Context(), place.ClickHouseURL, sql, format, cmd.OutOrStdout())
		},
	}
	query.Flags().StringVar(&format, "format", "", "any ClickHouse output `format`: JSONEachRow, CSVWithNames, Parquet, Vertical, …")
	command.AddCommand(query)
	return command
}

// queryClickHouse runs sql, read-only, over ClickHouse's HTTP interface and copies the answer to w.
func queryClickHouse(ctx context.Context, base, sql, format string, w io.Writer) error {
	u, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("reading the ClickHouse URL: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("querying needs ClickHouse's HTTP interface, and %s:// is not it", u.Scheme)
	}
	user := u.User
	u.User, u.Path = nil, "/"
	params := u.Query()
	params.Set("database", auditDatabase)
	params.Set("default_format", format)
	params.Set("readonly", "2")
	if w == os.Stdout && strings.HasPrefix(format, "Pretty") {
		params.Set("output_format_pretty_color", "0")
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
