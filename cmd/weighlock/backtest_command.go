package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/internal/backtest"
	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/approver-router/routing"
)

// backtesting is what a backtest is asked for.
type backtesting struct {
	paths               []string
	routes              *routing.Config
	since, until        string
	agent, url, changes string
	work                string
	perItem             time.Duration
}

func (c *cli) backtestCommand() *cobra.Command {
	b := &backtesting{}
	command := &cobra.Command{
		Use:   "backtest",
		Short: "What a policy would have done with the actions that were recorded",
		Long: `Weigh the actions in the audit by another policy and say who would have been asked more or less, which verdicts of people it contradicts, and how much of their time it takes.
History is replayed in its order, with the day before the first action read as history. External assessors are not asked. What was worked out is kept, so that a run that was broken off goes on where it was.`,
		Example: "  weighlock policy backtest --policy default --policy team.yaml --since 30d",
		Args:    cobra.NoArgs,
	}
	flags := command.Flags()
	flags.StringSliceVar(&b.paths, "policy", nil, "policy `file` or directory; several are merged in the order given, and \"default\" stands for the built-in ones")
	b.routes = routeFiles(command)
	flags.StringVar(&b.since, "since", "30d", "how far back: a `time` such as 30d or 12h, or a date")
	flags.StringVar(&b.until, "until", "0s", "up to when, as with --since")
	flags.StringVar(&b.agent, "agent", "", "only this `agent`'s actions")
	flags.StringVar(&b.url, "clickhouse-url", "", "`URL` of ClickHouse, http(s):// or clickhouse:// (default: that of the running pipeline)")
	flags.StringVar(&b.changes, "changes", "", "`file` for the actions that change, one JSON object a line, as many as the report names")
	flags.StringVar(&b.work, "work", "", "`directory` where what was worked out is kept; none for nowhere (default: below the user's cache)")
	flags.DurationVar(&b.perItem, "per-item", 30*time.Second, "time a person needs for one action on a card")
	_ = command.MarkFlagRequired("policy") // the flag is there
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		report, p, err := c.backtest(cmd.Context(), b, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if b.changes != "" {
			if err := writeChanges(b.changes, report); err != nil {
				return err
			}
		}
		if c.json {
			return printJSON(cmd.OutOrStdout(), report)
		}
		return printBacktest(cmd.OutOrStdout(), report, p.Version(), b.perItem)
	}
	return command
}

func (c *cli) backtest(ctx context.Context, b *backtesting, progress io.Writer) (*backtest.Report, *policy.Policy, error) {
	p, err := policy.Load(b.paths...)
	if err != nil {
		return nil, nil, fmt.Errorf("the policy cannot be used:\n%w", err)
	}
	table, _, err := b.routes.Load()
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	since, err := pointInTime("--since", b.since, now)
	if err != nil {
		return nil, nil, err
	}
	until, err := pointInTime("--until", b.until, now)
	if err != nil {
		return nil, nil, err
	}
	place, err := c.audited()
	if b.url != "" {
		place, err = dev.Place{ClickHouseURL: b.url}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	subjects, err := events.NewSubjects(place.Prefix)
	if err != nil {
		return nil, nil, err
	}
	source := &backtest.ClickHouse{Cell: subjects.Prefix(), Agent: b.agent, Rows: func(ctx context.Context, query string, params map[string]string, each func([]byte) error) error {
		return ask.Rows(ctx, place.ClickHouseURL, query, params, each)
	}}
	run := backtest.Run{Source: source, Policy: p, Asks: asks(table), Progress: bar(progress)}
	if b.work != "none" {
		folder, err := b.folder(p, table, place.ClickHouseURL, subjects.Prefix())
		if err != nil {
			return nil, nil, err
		}
		run.Store = folder
	}
	report, err := run.Do(ctx, since, until)
	if err == nil && report.Actions == 0 {
		err = fmt.Errorf("no action was recorded from %s on", since.Format(time.DateTime))
	}
	return report, p, err
}

// asks is how the router with these routes would put actions before people.
func asks(table *routes.Routes) backtest.Asks {
	return func(a *events.ActionAssessed, proposed *events.ActionProposed, at time.Time) (string, bool) {
		if a.Level == events.Medium && !table.MediumMayWait() {
			return "", false
		}
		x := routing.Explain(table, a, proposed, at)
		return x.Route.Group(), x.Decision == nil
	}
}

// folder keeps reports apart by everything that they depend on.
func (b *backtesting) folder(p *policy.Policy, table *routes.Routes, url, prefix string) (backtest.Folder, error) {
	path := b.work
	if path == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return backtest.Folder{}, fmt.Errorf("looking for a place to keep what is worked out (give one by --work): %w", err)
		}
		path = filepath.Join(cache, "weighlock", "backtest")
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{p.Version(), table.Version(), url, prefix, b.agent}, "\x00")))
	return backtest.Folder{Path: path, Key: hex.EncodeToString(sum[:8])}, nil
}

// pointInTime reads a time: so long ago, or a date.
func pointInTime(flag, text string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is %q: write such as 30d, 12h or 2026-03-01", flag, text)
}

// bar shows on a terminal how far a backtest is.
func bar(w io.Writer) func(done, all int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return nil
	}
	began := time.Now()
	return func(done, all int) {
		const cells = 30
		full := cells * done / max(all, 1)
		left := time.Duration(0)
		if done > 0 {
			left = time.Since(began) * time.Duration(all-done) / time.Duration(done)
		}
		fmt.Fprintf(w, "\r%s%s %d of %d actions, %s left ", strings.Repeat("█", min(full, cells)), strings.Repeat("░", max(cells-full, 0)), done, all, left.Round(time.Second))
		if done >= all {
			fmt.Fprint(w, "\r\x1b[K")
		}
	}
}

func writeChanges(path string, r *backtest.Report) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing changes: %w", err)
	}
	defer func() { err = cmp.Or(err, f.Close()) }()
	enc := json.NewEncoder(f)
	for _, list := range []backtest.Listed{r.Raised, r.Relaxed} {
		for _, change := range list.Changes {
			if err := enc.Encode(change); err != nil {
				return fmt.Errorf("writing changes: %w", err)
			}
		}
	}
	return nil
}
