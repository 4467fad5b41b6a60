package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/privacy"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

// auditorFlags say who asks and how long is waited for an answer.
type auditorFlags struct {
	as     string
	within time.Duration
}

func (f *auditorFlags) register(command *cobra.Command) {
	command.Flags().StringVar(&f.as, "as", "", "`name` of the auditor (default: $WEIGHLOCK_AUDITOR, then $USER, then the only one with a key)")
	command.Flags().DurationVar(&f.within, "timeout", 2*time.Minute, "how long to wait for the audit sink; the question stays either way")
}

// desk opens a connection as an auditor and hands it to do.
func (c *cli) desk(ctx context.Context, f auditorFlags, do func(context.Context, privacy.Desk) error) error {
	place, err := c.place()
	if err != nil {
		return err
	}
	subjects, err := place.Subjects()
	if err != nil {
		return err
	}
	name, _, err := whoIsThere(place, authz.Auditor, f.as)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.within)
	defer cancel()
	nc, err := connect(ctx, place, authz.Identity{Kind: authz.Auditor, Name: name})
	if err != nil {
		return err
	}
	defer nc.Close()
	err = do(ctx, privacy.Desk{Conn: nc, Subjects: subjects, Auditor: name})
	if errors.Is(err, privacy.ErrUnanswered) {
		return &exitError{code: exitUndecided, err: err}
	}
	return err
}

// scopeFlags say whose private values are meant.
func scopeFlags(command *cobra.Command, s *events.PrivateScope) {
	flags := command.Flags()
	flags.StringVar(&s.Principal, "subject", "", "the `principal` on whose behalf agents acted")
	flags.StringVar(&s.Agent, "agent", "", "`name` of the agent")
	flags.StringVar(&s.Action, "action", "", "`id` of one action of the agent")
}

func (c *cli) eraseCommand() *cobra.Command {
	var f auditorFlags
	var scope events.PrivateScope
	var reason string
	command := &cobra.Command{
		Use:   "erase",
		Short: "Erase private values for good; the evidence stays whole",
		Long: `Erase the private values of all actions on behalf of a principal, or of one action, and wait until they are gone: from their stream, its files, the
table in ClickHouse and its files. What the audit has of them are commitments, which stay and prove nothing about the values any more. What is under a
legal hold stays. It cannot be undone. Doing it twice does no harm.

It takes an auditor's key; exit code 4 says that the question is stored and that the audit sink has not answered in time.`,
		Example: `  weighlock audit erase --subject carol@example.com --reason "asked for on 3 March, ticket 4711"
  weighlock audit erase --agent billing-bot --action pay-1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.desk(cmd.Context(), f, func(ctx context.Context, d privacy.Desk) error {
				made, err := d.Erase(ctx, scope, reason)
				if len(made) > 0 {
					if err := c.printErased(cmd.OutOrStdout(), made); err != nil {
						return err
					}
				}
				return err
			})
		},
	}
	scopeFlags(command, &scope)
	command.Flags().StringVar(&reason, "reason", "asked for at the command line", "why; it stays in the audit")
	f.register(command)
	return command
}

func (c *cli) printErased(w io.Writer, parts []*events.ErasureMade) error {
	if c.json {
		return printJSON(w, parts)
	}
	actions, values := 0, 0
	for _, made := range parts {
		actions += len(made.Items)
		for _, item := range made.Items {
			values += len(item.Commitments)
		}
	}
	last := parts[len(parts)-1]
	if actions == 0 {
		fmt.Fprintf(w, "There were no private values to erase of %s.\n", last.PrivateScope)
	} else {
		fmt.Fprintf(w, "Erased %s of %s.\n", counted(values, "private value"), counted(actions, "action"))
	}
	if last.Held > 0 {
		fmt.Fprintf(w, "Kept those of %s: held by %s.\n", counted(last.Held, "action"), strings.Join(last.Holds, ", "))
	}
	return nil
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (c *cli) holdCommand() *cobra.Command {
	command := &cobra.Command{Use: "hold", Short: "Legal holds: private values that are neither erased nor expire"}
	command.AddCommand(c.holdAddCommand(), c.holdRemoveCommand(), c.holdListCommand())
	return command
}

func (c *cli) holdAddCommand() *cobra.Command {
	var f auditorFlags
	var question events.HoldAsked
	command := &cobra.Command{
		Use:     "add NAME",
		Short:   "Keep private values of a principal, an agent or an action; it takes an auditor's key",
		Example: `  weighlock audit hold add case-4711 --subject carol@example.com --reason "court order of 3 March"`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.hold(cmd, f, args[0], question) },
	}
	scopeFlags(command, &question.PrivateScope)
	command.Flags().StringVar(&question.Reason, "reason", "", "why; it stays in the audit")
	f.register(command)
	return command
}

func (c *cli) holdRemoveCommand() *cobra.Command {
	var f auditorFlags
	question := events.HoldAsked{Release: true}
	command := &cobra.Command{
		Use:     "remove NAME",
		Short:   "End a legal hold; its name is not used again",
		Example: `  weighlock audit hold remove case-4711 --reason settled`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.hold(cmd, f, args[0], question) },
	}
	command.Flags().StringVar(&question.Reason, "reason", "", "why; it stays in the audit")
	f.register(command)
	return command
}

func (c *cli) hold(cmd *cobra.Command, f auditorFlags, name string, question events.HoldAsked) error {
	return c.desk(cmd.Context(), f, func(ctx context.Context, d privacy.Desk) error {
		set, err := d.Hold(ctx, name, question)
		if err != nil {
			return err
		}
		if c.json {
			if err := printJSON(cmd.OutOrStdout(), set); err != nil {
				return err
			}
		}
		switch {
		case set.Refused != "":
			return &exitError{code: exitRefused, err: fmt.Errorf("hold %s: %s", name, set.Refused)}
		case c.json:
		case set.Released:
			fmt.Fprintf(cmd.OutOrStdout(), "Hold %s has ended.\n", name)
		default:
			fmt.Fprintf(cmd.OutOrStdout(), "Hold %s keeps the private values of %s.\n", name, set.PrivateScope)
		}
		return nil
	})
}

func (c *cli) holdListCommand() *cobra.Command {
	var f auditorFlags
	var all bool
	command := &cobra.Command{
		Use:   "list",
		Short: "Legal holds in force",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.desk(cmd.Context(), f, func(ctx context.Context, d privacy.Desk) error {
				list, err := d.Holds(ctx)
				if err != nil {
					return err
				}
				return c.printHolds(cmd.OutOrStdout(), list, all)
			})
		},
	}
	command.Flags().BoolVar(&all, "all", false, "show those that have ended too")
	f.register(command)
	return command
}

func (c *cli) printHolds(w io.Writer, list []sink.Hold, all bool) error {
	shown, rows := []sink.Hold{}, [][]string{}
	for _, h := range list {
		if h.Released && !all {
			continue
		}
		state := "since " + h.At.Local().Format(time.DateTime)
		if h.Released {
			state = "ended " + h.At.Local().Format(time.DateTime)
		}
		shown, rows = append(shown, h), append(rows, []string{h.Hold, h.String(), h.Auditor, state, h.Reason})
	}
	if c.json {
		return printJSON(w, shown)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "No legal hold is in force.")
		return err
	}
	return table(w, []string{"HOLD", "KEEPS", "BY", "STATE", "REASON"}, rows)
}
