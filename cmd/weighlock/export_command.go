package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
)

// exportFormats are ClickHouse's names of what --format takes.
var exportFormats = map[string]string{"jsonl": "JSONEachRow", "parquet": "Parquet"}

// exportQueries are what --shape takes. Bytes that are no text would make lines that are no JSON: they are there in base64. Numbers that
// programs would round are quoted.
var exportQueries = map[string]string{
	"events": `SELECT * REPLACE (if(isValidUTF8(data), data, '') AS data, lower(hex(leaf_hash)) AS leaf_hash, lower(hex(chain_hash)) AS chain_hash),
	if(isValidUTF8(data), '', base64Encode(data)) AS data_base64
FROM events FINAL WHERE stored_at >= {since:DateTime64(3)} AND stored_at < {until:DateTime64(3)} ORDER BY stream, epoch, seq
SETTINGS output_format_json_quote_64bit_integers = 1, output_format_json_validate_utf8 = 1`,
	"ocsf": `SELECT * FROM ocsf WHERE time >= toUnixTimestamp64Milli({since:DateTime64(3)}) AND time < toUnixTimestamp64Milli({until:DateTime64(3)}) ORDER BY time, metadata.sequence
SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_validate_utf8 = 1`,
}

func (c *cli) exportCommand() *cobra.Command {
	var format, shape, since, until, out string
	command := &cobra.Command{
		Use:   "export",
		Short: "Write events for other programs, as JSON lines or Parquet",
		Example: `  weighlock audit export --since 30d --format parquet --out november.parquet
  weighlock audit export --shape ocsf --since 1h > ocsf.jsonl`,
		Args: cobra.NoArgs,
	}
	flags := command.Flags()
	flags.StringVar(&format, "format", "jsonl", "jsonl or parquet")
	flags.StringVar(&shape, "shape", "events", "events: with the exact bytes and hashes; ocsf: as a SIEM wants them")
	flags.StringVar(&since, "since", "7d", "from when, inclusive: a `time` such as 30d or 12h, or a date")
	flags.StringVar(&until, "until", "0s", "up to when, exclusive: a `time` likewise")
	flags.StringVar(&out, "out", "", "`file` to write, which is there once it is whole (default: standard output)")
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		name, ok := exportFormats[format]
		if !ok {
			return fmt.Errorf("--format is %q: use jsonl or parquet", format)
		}
		query, ok := exportQueries[shape]
		if !ok {
			return fmt.Errorf("--shape is %q: use events or ocsf", shape)
		}
		now := time.Now()
		from, err := pointInTime("--since", since, now)
		if err != nil {
			return err
		}
		to, err := pointInTime("--until", until, now)
		if err != nil {
			return err
		}
		place, err := c.audited()
		if err != nil {
			return err
		}
		write := func(w io.Writer) error {
			return ask.With(cmd.Context(), place.ClickHouseURL, query, name, map[string]string{"since": unixSeconds(from), "until": unixSeconds(to)}, w)
		}
		if out == "" {
			return write(cmd.OutOrStdout())
		}
		return writeWhole(out, write)
	}
	return command
}

// unixSeconds is t as a parameter of the type DateTime64(3).
func unixSeconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}

// writeWhole makes the file name once write has written all of it. An audit is not for everybody: only its owner may read it.
func writeWhole(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return fmt.Errorf("making %s: %w", name, err)
	}
	defer os.Remove(f.Name()) // gone already where all went well
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
