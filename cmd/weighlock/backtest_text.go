package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/card"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/internal/backtest"
)

// fateWords are the fates as people read them.
var fateWords = map[backtest.Fate]string{
	backtest.Passed: "passes", backtest.Reviewed: "passes, reviewed", backtest.Covered: "by grant or plan", backtest.Asked: "people are asked", backtest.Denied: "denied",
}

const (
	mostTools   = 10
	mostChanges = 10
)

// printBacktest shows what would have been different.
func printBacktest(w io.Writer, r *backtest.Report, version string, perItem time.Duration) error {
	fmt.Fprintf(w, "%d actions from %s to %s, weighed by policy %.19s\n", r.Actions, r.From.Local().Format(time.DateTime), r.To.Local().Format(time.DateTime), version)
	if r.Fixed > 0 {
		fmt.Fprintf(w, "%d of them were denied for their form or cannot be read, whatever the policy\n", r.Fixed)
	}
	fmt.Fprintln(w)
	rows := make([][]string, 0, len(backtest.Fates()))
	for _, f := range backtest.Fates() {
		rows = append(rows, []string{fateWords[f], fmt.Sprint(r.Recorded[f]), fmt.Sprint(r.Predicted[f]), change(r.Recorded[f], r.Predicted[f])})
	}
	if err := table(w, []string{"", "RECORDED", "PREDICTED", "CHANGE"}, rows); err != nil {
		return err
	}
	if err := printGroups(w, r, perItem); err != nil {
		return err
	}
	if err := printTools(w, r); err != nil {
		return err
	}
	fmt.Fprintln(w)
	printContradicted(w, "actions that people rejected would pass unasked", r.Passing)
	printContradicted(w, "actions that people approved would be denied", r.Refusing)
	fmt.Fprintf(w, "%d actions get a stricter fate, %d a laxer one; %d more change in score or level alone\n", r.Raised.Count, r.Relaxed.Count, r.Scores)
	return nil
}

// change is how much more or less.
func change(before, after int) string {
	switch before {
	case after:
		return ""
	case 0:
		return fmt.Sprintf("%+d", after)
	}
	return fmt.Sprintf("%+.1f %%", 100*float64(after-before)/float64(before))
}

// printGroups shows what each group would be asked, and when.
func printGroups(w io.Writer, r *backtest.Report, perItem time.Duration) error {
	if len(r.Groups) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, name := range r.GroupNames() {
		g := r.Groups[name]
		rows = append(rows, []string{
			cmp.Or(name, "(not asked yet)"), fmt.Sprintf("%d → %d", g.Recorded, g.Predicted), change(g.Recorded, g.Predicted), fmt.Sprintf("%.0f → %.0f", g.Cards, g.PredictedCards()),
			fmt.Sprintf("%.1f → %.1f", hours(g.Recorded, perItem), hours(g.Predicted, perItem)), spark(g.RecordedBy), spark(g.PredictedBy),
		})
	}
	return table(w, []string{"GROUP", "ACTIONS ASKED", "CHANGE", "CARDS", "HOURS OF READING", "BY HOUR, UTC", "PREDICTED"}, rows)
}

func hours(items int, perItem time.Duration) float64 {
	return (time.Duration(items) * perItem).Hours()
}

// spark is a line of bars, one for each hour of the day.
func spark(by [24]int) string {
	bars := []rune(" ▁▂▃▄▅▆▇█")
	most := slices.Max(by[:])
	var b strings.Builder
	for _, n := range by {
		i := 0
		if n > 0 {
			i = 1 + (len(bars)-2)*n/most
		}
		b.WriteRune(bars[i])
	}
	return b.String()
}

// printTools shows of which tools most changes, and by which rules.
func printTools(w io.Writer, r *backtest.Report) error {
	names := r.ToolNames()
	if len(names) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, name := range names[:min(len(names), mostTools)] {
		s := r.Tools[name]
		rows = append(rows, []string{cmp.Or(name, "(none)"), fmt.Sprint(s.More), fmt.Sprint(s.Less), strings.Join(mostOften(s.Rules), ", ")})
	}
	if err := table(w, []string{"TOOL", "STRICTER", "LAXER", "RULES THAT COUNT NOW, AND WITH A MINUS THOSE THAT NO LONGER DO"}, rows); err != nil {
		return err
	}
	if rest := len(names) - mostTools; rest > 0 {
		fmt.Fprintf(w, "… and %d more tools\n", rest)
	}
	return nil
}

func mostOften(rules map[string]int) []string {
	names := slices.SortedFunc(maps.Keys(rules), func(a, b string) int { return cmp.Or(cmp.Compare(rules[b], rules[a]), cmp.Compare(a, b)) })
	return names[:min(len(names), 3)]
}

// printContradicted shows verdicts of people that the policy contradicts.
func printContradicted(w io.Writer, what string, list backtest.Listed) {
	fmt.Fprintf(w, "%d %s\n", list.Count, what)
	for _, c := range list.Changes[:min(len(list.Changes), mostChanges)] {
		line := fmt.Sprintf("    %s/%s  %s  score %d → %d  %s", c.Agent, c.Action, c.Tool, c.From, c.To, strings.Join(c.Rules, ", "))
		fmt.Fprintln(w, words.Clip(words.Printable(line), card.Width))
	}
	if rest := list.Count - mostChanges; rest > 0 {
		fmt.Fprintf(w, "    … and %d more\n", rest)
	}
}
