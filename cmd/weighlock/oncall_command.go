package main

import (
	"fmt"
	"io"
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
		for _, o := range s.Overrides {
			if o.Until.Before(now) {
				found.Warnings = append(found.Warnings, fmt.Sprintf("%s: the override for %s ended at %s: take it out", name, o.Person, o.Until.In(s.Zone).Format(time.DateOnly)))
			} else if changesNothing(s, o) {
				found.Warnings = append(found.Warnings, fmt.Sprintf("%s: the override for %s changes nothing: %s is not on call then", name, o.Person, o.Instead))
			}
		}
	}
	for name, c := range d.Calendars() {
		if last := c.Holidays.Last(); !last.IsZero() && last.Before(now.Add(holidaysEnd)) {
			found.Warnings = append(found.Warnings, fmt.Sprintf("calendar %s: its last holiday is %s: bring the file up to date", name, last.Format(time.DateOnly)))
		}
	}
	return found
}

// changesNothing reports whether whom an override replaces is never on call while it lasts.
func changesNothing(s *oncall.Schedule, o oncall.Override) bool {
	if o.Instead == "" {
		return false
	}
	plain := oncall.Schedule{Zone: s.Zone, Rotations: s.Rotations}
	for _, sh := range plain.Shifts(o.From, o.Until) {
		for _, p := range sh.Persons {
			if p == o.Instead {
				return false
			}
		}
	}
	return true
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
	var file string
	var days int
	command := &cobra.Command{
		Use:     "show [SCHEDULE]",
		Short:   "Who is on call now, and who is next",
		Example: `  weighlock oncall show payments-oncall --approvers approvers.yaml --days 14`,
		Args:    cobra.MaximumNArgs(1),
	}
	command.Flags().StringVar(&file, "approvers", "", "people and groups `file` (default: the built-in example)")
	command.Flags().IntVar(&days, "days", 7, "how many `days` ahead")
	command.RunE = func(cmd *cobra.Command, args []string) error {
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
			for _, sh := range s.Shifts(time.Now(), time.Now().AddDate(0, 0, days)) {
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
