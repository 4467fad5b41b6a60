package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/oncall"
	"github.com/weighlock/weighlock/internal/people"
)

func (c *cli) oncallCommand() *cobra.Command {
	command := &cobra.Command{Use: "oncall", Short: "See who is on call, and find gaps before they are there"}
	command.AddCommand(c.oncallCheckCommand(), c.oncallShowCommand())
	return command
}

// shift is a stretch of time of a schedule, as it is printed.
type shift struct {
	Schedule string    `json:"schedule"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	Persons  []string  `json:"persons"`
}

// checked is what the checker found.
type checked struct {
	Schedules int      `json:"schedules"`
	Gaps      []shift  `json:"gaps"`
	Warnings  []string `json:"warnings"`
}

// holidaysEnd is how near the last holiday of a file may be before somebody should write it on.
const holidaysEnd = 90 * 24 * time.Hour

func (c *cli) oncallCheckCommand() *cobra.Command {
	var days int
	command := &cobra.Command{
		Use:   "check [APPROVERS_FILE]",
		Short: "Find times in which nobody is on call; the exit code is 1 where there are any",
		Long: `Find times in which nobody is on call, overrides that change nothing and files of holidays that end
soon. In a gap everybody of the schedule is asked, so nothing is stuck; but nobody was told to look.`,
		Example: `  weighlock oncall check approvers.yaml --days 90`,
		Args:    cobra.MaximumNArgs(1),
	}
	command.Flags().IntVar(&days, "days", 90, "how many `days` ahead")
	command.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := approversOf(args)
		if err != nil {
			return err
		}
		if err := someDays(days); err != nil {
			return err
		}
		found := check(d, time.Now(), time.Duration(days)*24*time.Hour)
		if c.json {
			err = printJSON(cmd.OutOrStdout(), found)
		} else {
			err = printChecked(cmd.OutOrStdout(), found)
		}
		if err == nil && len(found.Gaps) > 0 {
			return &exitError{code: exitFailed}
		}
		return err
	}
	return command
}

// mostDays is as far ahead as schedules are worked out: ten years.
const mostDays = 3653

// someDays refuses to look no time ahead, in which there would be no gaps.
func someDays(days int) error {
	if days < 1 || days > mostDays {
		return fmt.Errorf("--days is %d: give from 1 to %d", days, mostDays)
	}
	return nil
}

// approversOf reads the file that is named, or what is built in.
func approversOf(args []string) (*people.Directory, error) {
	if len(args) == 0 {
		return people.Default(), nil
	}
	return people.Load(args[0])
}

func check(d *people.Directory, now time.Time, ahead time.Duration) checked {
	found := checked{Gaps: []shift{}, Warnings: []string{}}
	for _, name := range d.Schedules() {
		s := d.Schedule(name)
		found.Schedules++
		for _, gap := range s.Gaps(now, now.Add(ahead)) {
			found.Gaps = append(found.Gaps, shift{name, gap.From.In(s.Zone), gap.Until.In(s.Zone), nil})
		}
		for i, o := range s.Overrides {
			from, until := o.From.In(s.Zone).Format(time.DateTime), o.Until.In(s.Zone).Format(time.DateTime)
			if !o.Until.After(now) {
				found.Warnings = append(found.Warnings, fmt.Sprintf("%s: the override for %s ended at %s: take it out", name, o.Person, until))
			} else if changesNothing(s, i) {
				found.Warnings = append(found.Warnings, fmt.Sprintf("%s: the override for %s from %s until %s changes nothing: whom it replaces is not on call then, or another override comes after it", name, o.Person, from, until))
			}
		}
	}
	calendars := d.Calendars()
	for _, name := range slices.Sorted(maps.Keys(calendars)) {
		if last := calendars[name].Holidays.Last(); !last.IsZero() && last.Before(now.Add(holidaysEnd)) {
			found.Warnings = append(found.Warnings, fmt.Sprintf("calendar %s: its last holiday is %s: bring the file up to date", name, last.Format(time.DateOnly)))
		}
	}
	return found
}

// changesNothing reports whether the same people are on call without an override, while it lasts or for its first ten years.
func changesNothing(s *oncall.Schedule, override int) bool {
	o := s.Overrides[override]
	without := *s
	without.Overrides = slices.Delete(slices.Clone(s.Overrides), override, override+1)
	until := o.From.AddDate(0, 0, mostDays)
	if o.Until.Before(until) {
		until = o.Until
	}
	return slices.EqualFunc(s.Shifts(o.From, until), without.Shifts(o.From, until), func(a, b oncall.Shift) bool {
		return a.From.Equal(b.From) && a.Until.Equal(b.Until) && slices.Equal(a.Persons, b.Persons)
	})
}

func printChecked(w io.Writer, found checked) error {
	for _, g := range found.Gaps {
		fmt.Fprintf(w, "%s: nobody is on call from %s to %s (%s)\n", g.Schedule, g.From.Format("Mon 2006-01-02 15:04 MST"), g.Until.Format("Mon 2006-01-02 15:04 MST"), g.Until.Sub(g.From))
	}
	for _, warning := range found.Warnings {
		fmt.Fprintln(w, warning)
	}
	_, err := fmt.Fprintf(w, "%d schedules, %d gaps, %d warnings\n", found.Schedules, len(found.Gaps), len(found.Warnings))
	return err
}

func (c *cli) oncallShowCommand() *cobra.Command {
	var file, at string
	var days int
	command := &cobra.Command{
		Use:     "show [SCHEDULE]",
		Short:   "Who is on call now, and who is next",
		Example: `  weighlock oncall show payments-oncall --approvers approvers.yaml --days 14`,
		Args:    cobra.MaximumNArgs(1),
	}
	command.Flags().StringVar(&file, "approvers", "", "people and groups `file` (default: the built-in example)")
	command.Flags().StringVar(&at, "at", "", "from which `time` on, such as 2026-12-24T09:00:00+01:00 (default: now)")
	command.Flags().IntVar(&days, "days", 7, "how many `days` ahead")
	command.RunE = func(cmd *cobra.Command, args []string) error {
		from, err := lookFrom(at)
		if err == nil {
			err = someDays(days)
		}
		if err != nil {
			return err
		}
		var files []string
		if file != "" {
			files = []string{file}
		}
		d, err := approversOf(files)
		if err != nil {
			return err
		}
		names := d.Schedules()
		if len(args) == 1 {
			if d.Schedule(args[0]) == nil {
				return fmt.Errorf("there is no schedule %s: there are %s", args[0], strings.Join(names, ", "))
			}
			names = args
		}
		shifts := []shift{}
		for _, name := range names {
			s := d.Schedule(name)
			for _, sh := range s.Shifts(from, from.AddDate(0, 0, days)) {
				shifts = append(shifts, shift{name, sh.From.In(s.Zone), sh.Until.In(s.Zone), sh.Persons})
			}
		}
		if c.json {
			return printJSON(cmd.OutOrStdout(), shifts)
		}
		rows := make([][]string, len(shifts))
		for i, sh := range shifts {
			who := strings.Join(sh.Persons, ", ")
			if who == "" {
				who = "nobody (all are asked)"
			}
			rows[i] = []string{sh.Schedule, sh.From.Format("Mon 01-02 15:04"), sh.Until.Format("Mon 01-02 15:04 MST"), who}
		}
		return table(cmd.OutOrStdout(), []string{"SCHEDULE", "FROM", "UNTIL", "ON CALL"}, rows)
	}
	return command
}

// lookFrom reads the time to look from.
func lookFrom(at string) (time.Time, error) {
	if at == "" {
		return time.Now(), nil
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return t, fmt.Errorf("--at is %q: write such as 2026-12-24T09:00:00+01:00", at)
	}
	return t, nil
}
