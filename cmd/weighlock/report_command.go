package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/internal/reports"
)

// reportFormats are ClickHouse's names of what --format takes.
var reportFormats = map[string]string{"table": "PrettyCompactMonoBlock", "json": "JSON", "csv": "CSVWithNames"}

func (c *cli) reportCommand() *cobra.Command {
	var since, group, agent, action, format string
	var threshold uint8
	var sql bool
	command := &cobra.Command{
		Use:   "report [NAME]",
		Short: "Answer a question that people ask of the audit; without a name, list them",
		Example: `  weighlock audit report latency --since 30d --group finance
  weighlock audit report refusals --format csv > refusals.csv
  weighlock audit report timeline --action 01M8441ENHSEAEAZ4Y309MAPEE
  weighlock audit report forecast --threshold 60`,
		Args: cobra.MaximumNArgs(1),
	}
	flags := command.Flags()
	flags.StringVar(&since, "since", "7d", "how far back: a `time` such as 30d or 12h, or a date")
	flags.StringVar(&group, "group", "", "only what was put before this `group`")
	flags.StringVar(&agent, "agent", "", "only this `agent`'s actions")
	flags.StringVar(&action, "action", "", "the `action` whose timeline it is")
	flags.Uint8Var(&threshold, "threshold", 0, "`score` from which on people would be asked, for load and forecast (default: as it is)")
	flags.StringVar(&format, "format", "", "table, json or csv (default: table, or json with --json)")
	flags.BoolVar(&sql, "sql", false, "print the query instead of running it")
	command.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			var rows [][]string
			for _, r := range reports.All() {
				rows = append(rows, []string{r.Name, r.Question})
			}
			return table(cmd.OutOrStdout(), []string{"REPORT", "QUESTION"}, rows)
		}
		r, err := reports.Find(args[0])
		if err != nil {
			return err
		}
		if sql {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), r.SQL)
			return err
		}
		for _, name := range []string{"since", "group", "agent", "action", "threshold"} {
			if flags.Changed(name) && !r.Takes(name) {
				return fmt.Errorf("the report %s has no --%s", r.Name, name)
			}
		}
		switch {
		case r.Takes("action") && action == "":
			return fmt.Errorf("the report %s needs --action", r.Name)
		case format == "" && c.json:
			format = "json"
		case format == "":
			format = "table"
		}
		name, ok := reportFormats[format]
		if !ok {
			return fmt.Errorf("--format is %q: use table, json or csv", format)
		}
		from, err := pointInTime("--since", since, time.Now())
		if err != nil {
			return err
		}
		place, err := c.audited()
		if err != nil {
			return err
		}
		params := map[string]string{"since": unixSeconds(from), "group": group, "agent": agent, "action": action, "threshold": strconv.Itoa(int(threshold))}
		return ask.With(cmd.Context(), place.ClickHouseURL, r.SQL, name, params, cmd.OutOrStdout())
	}
	return command
}
