package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/inbox"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// handOverCommands are what people do with a request beside answering it.
func (c *cli) handOverCommands() []*cobra.Command {
	return []*cobra.Command{c.ackCommand(), c.reassignCommand(), c.askCommand(), c.snoozeCommand()}
}

func (c *cli) ackCommand() *cobra.Command {
	var h approver.HandOver
	command := c.handOverCommand(&h, events.Acknowledge, "ack REQUEST", "Say that you look at a request: it holds the next tier back, once", 1)
	command.Flags().DurationVar(&h.For, "for", 0, "how long, at most what the route allows (default: just that)")
	command.Example = `  weighlock ack r-yqymp7yzykyi --for 5m`
	return command
}

func (c *cli) reassignCommand() *cobra.Command {
	var h approver.HandOver
	command := c.handOverCommand(&h, events.Reassign, "reassign REQUEST", "Hand a request to a person or group on its escalation path", 1)
	command.Flags().StringVar(&h.To, "to", "", "the `person`")
	command.Flags().StringVar(&h.ToGroup, "to-group", "", "the `group`")
	command.MarkFlagsOneRequired("to", "to-group")
	command.MarkFlagsMutuallyExclusive("to", "to-group")
	command.Example = `  weighlock reassign r-yqymp7yzykyi --to carol --comment "she knows the customer"`
	return command
}

func (c *cli) askCommand() *cobra.Command {
	var h approver.HandOver
	command := c.handOverCommand(&h, events.Ask, "ask REQUEST QUESTION", "Ask the agent a question; its answer makes a new version of the card", 2)
	command.Flags().IntVar(&h.Item, "item", 0, "`number` of the item it is about (default: the whole card)")
	command.Long = `Ask the agent a question. The clock of the escalation path stops until it has answered, at most as
long as the route allows. Its answer goes onto the card as a new version, and what it is about is
judged anew: answers to the version before do not count.`
	command.Example = `  weighlock ask r-yqymp7yzykyi "is this the invoice from May?" --item 2`
	return command
}

func (c *cli) snoozeCommand() *cobra.Command {
	var h approver.HandOver
	command := c.handOverCommand(&h, events.Snooze, "snooze REQUEST", "No reminders of a request for you, for a while; others still have theirs", 1)
	command.Flags().DurationVar(&h.For, "for", 0, "for how long, at most until the request ends (default: 15m, or until then)")
	command.Example = `  weighlock snooze r-yqymp7yzykyi --for 10m`
	return command
}

func (c *cli) handOverCommand(h *approver.HandOver, kind events.HandOverKind, use, short string, args int) *cobra.Command {
	var as string
	var timeout time.Duration
	command := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(args)}
	asFlag(command, &as)
	command.Flags().StringVar(&h.Comment, "comment", "", "why")
	command.Flags().DurationVar(&timeout, "timeout", 15*time.Second, "how long to wait for the pipeline's answer")
	command.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
		defer cancel()
		client, err := c.approver(ctx, as)
		if err != nil {
			return err
		}
		defer client.Close()
		r, err := findRequest(ctx, client, args[0])
		if err != nil {
			return err
		}
		h.Request, h.Kind = r.ID, kind
		if len(args) > 1 {
			h.Question = args[1]
		}
		if kind == events.Snooze {
			h.Until, h.For = inbox.SnoozeUntil(r, time.Now(), h.For), 0
		}
		handed, err := client.HandOver(ctx, *h)
		if refused, ok := errors.AsType[*approver.RefusedError](err); ok {
			fmt.Fprintln(os.Stderr, words.Printable(words.Refused(refused.VerdictRefused)))
			return &exitError{code: exitRefused}
		}
		if err != nil {
			return err
		}
		if c.json {
			return printJSON(cmd.OutOrStdout(), handed)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), words.Printable(words.Handed(handed)))
		return err
	}
	return command
}

func (c *cli) answerCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "answer AGENT/ACTION QUESTION ANSWER",
		Short:   "Answer, as the agent, a question that people asked about an action",
		Example: `  weighlock answer billing/a-17 q-42 "it is the invoice from May, see order 4711"`,
		Args:    cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, action, ok := strings.Cut(args[0], "/")
			if !ok {
				return fmt.Errorf("%q names no action: write AGENT/ACTION", args[0])
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), 15*time.Second)
			defer cancel()
			client, err := c.agent(ctx, name)
			if err != nil {
				return err
			}
			defer client.Close()
			return client.Answer(ctx, action, args[1], args[2])
		},
	}
}
