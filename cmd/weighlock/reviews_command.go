package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/card"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

func (c *cli) reviewsCommand() *cobra.Command {
	command := &cobra.Command{Use: "reviews", Short: "Look afterwards at what went through by itself"}
	command.AddCommand(c.reviewsListCommand(), c.reviewsShowCommand(), c.reviewsMarkCommand("fine", events.Fine, "Say that actions were fine"),
		c.reviewsMarkCommand("flag", events.Flag, "Say that actions should not have gone through like that: the agent's next ones with that tool score higher"))
	return command
}

func (c *cli) reviewsListCommand() *cobra.Command {
	var as string
	var all bool
	command := &cobra.Command{
		Use:   "list",
		Short: "Reviews of the last 30 days that somebody has to look at",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.approver(cmd.Context(), as)
			if err != nil {
				return err
			}
			defer client.Close()
			list, err := client.Reviews(cmd.Context())
			if err != nil {
				return err
			}
			shown := []approver.Review{}
			for _, r := range list {
				if all || r.Left() > 0 {
					shown = append(shown, r)
				}
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), shown)
			}
			if len(shown) == 0 {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "Nothing is left to look at.")
				return err
			}
			rows := make([][]string, len(shown))
			for i, r := range shown {
				k := r.Card
				rows[i] = []string{
					k.Review, k.Group, k.From.Local().Format("2006-01-02 15:04") + " to " + k.To.Local().Format("15:04"), fmt.Sprint(k.Actions), fmt.Sprintf("%d of %d", r.Left(), len(k.Items)),
				}
			}
			return table(cmd.OutOrStdout(), []string{"REVIEW", "GROUP", "FROM", "ACTIONS", "LEFT TO LOOK AT"}, rows)
		},
	}
	asFlag(command, &as)
	command.Flags().BoolVar(&all, "all", false, "show those that are done too")
	return command
}

// findReview takes a review's id or an unambiguous beginning of it.
func findReview(ctx context.Context, client *approver.Client, id string) (approver.Review, error) {
	list, err := client.Reviews(ctx)
	if err != nil {
		return approver.Review{}, err
	}
	var found []approver.Review
	for _, r := range list {
		if strings.HasPrefix(r.Card.Review, id) || strings.HasPrefix(strings.TrimPrefix(r.Card.Review, "v-"), id) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return approver.Review{}, fmt.Errorf("no review begins with %s: `weighlock reviews list` shows them", id)
	}
	return approver.Review{}, fmt.Errorf("%s fits %d reviews: give more of its id", id, len(found))
}

func (c *cli) reviewsShowCommand() *cobra.Command {
	var as string
	command := &cobra.Command{
		Use:   "show REVIEW",
		Short: "What went through, by kind, and a sample of it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.approver(cmd.Context(), as)
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := findReview(cmd.Context(), client, args[0])
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), r)
			}
			printReview(cmd.OutOrStdout(), r)
			return nil
		},
	}
	asFlag(command, &as)
	return command
}

func printReview(w io.Writer, r approver.Review) {
	k := r.Card
	fmt.Fprintf(w, "%s  %d medium actions went through from %s to %s\n\n", k.Review, k.Actions, k.From.Local().Format("2006-01-02 15:04"), k.To.Local().Format("15:04"))
	for _, kind := range k.Kinds {
		line := fmt.Sprintf("%5d × %s of %d agents: %s", kind.Actions, words.Tool(kind.Tool, "actions"), kind.Agents, kind.Reason)
		fmt.Fprintln(w, words.Clip(words.Printable(line), card.Width))
	}
	fmt.Fprintln(w)
	for _, item := range k.Items {
		state := ""
		if m, ok := r.Marks[item.Number]; ok {
			state = fmt.Sprintf("  → %s, %s", m.Mark, m.Person)
		}
		fmt.Fprintln(w, words.Clip(words.Printable(fmt.Sprintf("[%d] %s/%s  %s  score %d%s", item.Number, item.Agent, item.Action, item.Tool, item.Score, state)), card.Width))
		card.Field(w, "On behalf", item.Principal)
		if t := item.Target; t != nil {
			card.Field(w, "Target", strings.TrimSpace(strings.Join([]string{t.Kind, t.Name, t.Environment}, " ")))
		}
		card.Field(w, "Because", item.Reason)
	}
	fmt.Fprintf(w, "\nweighlock reviews fine %s   or flag %s --items 2 --comment \"…\"; trace AGENT/ACTION tells the whole story\n", k.Review, k.Review)
}

func (c *cli) reviewsMarkCommand(use string, mark events.Mark, short string) *cobra.Command {
	var as, items, comment string
	command := &cobra.Command{
		Use:   use + " REVIEW",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), 10*time.Second)
			defer cancel()
			client, err := c.approver(ctx, as)
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := findReview(ctx, client, args[0])
			if err != nil {
				return err
			}
			cast := events.ReviewCast{Digest: r.Digest, Mark: mark, Comment: comment}
			if items != "" {
				numbers, err := itemNumbers("--items", items)
				if err != nil {
					return err
				}
				cast.Mark = ""
				for _, n := range numbers {
					cast.Items = append(cast.Items, events.ItemMark{Number: n, Mark: mark})
				}
			}
			marked, err := client.MarkReview(ctx, "", r.Card.Review, cast)
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), marked)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d fine, %d flagged; %d left to look at\n", marked.Review, marked.Fine, marked.Flagged, marked.Left)
			return err
		},
	}
	asFlag(command, &as)
	command.Flags().StringVar(&items, "items", "", "only these `items`, such as 1-3,7")
	command.Flags().StringVar(&comment, "comment", "", "why")
	return command
}
