package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/card"
	"github.com/weighlock/weighlock/cmd/weighlock/inbox"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

func (c *cli) inboxCommand() *cobra.Command {
	var as string
	var watch, all, plain bool
	var groups []string
	command := &cobra.Command{
		Use:   "inbox",
		Short: "What waits for an answer, the most urgent first",
		Long: `What waits for an answer, the most urgent first. On a terminal it is a screen that lives: the list, the card under the cursor, and keys to approve,
reject, edit, respond, acknowledge, reassign, ask and snooze; ? shows them all. With --plain, --json, --watch or --all, and where the output is no terminal, it is text.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			client, err := c.approver(ctx, as)
			if err != nil {
				return err
			}
			defer client.Close()
			switch {
			case watch:
				return c.watchInbox(ctx, client, cmd)
			case !plain && !all && !c.json && isTerminal(cmd.OutOrStdout()):
				return runInbox(ctx, client, groups)
			}
			list, err := client.Requests(ctx)
			if err != nil {
				return err
			}
			list = slices.DeleteFunc(list, func(r approver.Request) bool {
				return !all && !r.Open() || len(groups) > 0 && !slices.ContainsFunc(r.Groups, func(g string) bool { return slices.Contains(groups, g) })
			})
			slices.SortFunc(list, func(a, b approver.Request) int { return a.EndsAt.Compare(b.EndsAt) })
			if c.json {
				return printJSON(cmd.OutOrStdout(), list)
			}
			if len(list) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "Nothing waits.")
				return nil
			}
			rows := make([][]string, len(list))
			for i, r := range list {
				rows[i] = inboxRow(r, time.Now())
			}
			return table(cmd.OutOrStdout(), []string{"REQUEST", "ENDS IN", "GROUP", "SCORE", "ITEMS", "WHAT"}, rows)
		},
	}
	asFlag(command, &as)
	flags := command.Flags()
	flags.BoolVar(&watch, "watch", false, "stay, and tell what happens, a line each")
	flags.BoolVar(&all, "all", false, "show what was resolved in the last day too")
	flags.BoolVar(&plain, "plain", false, "print text on a terminal, too")
	flags.StringSliceVar(&groups, "group", nil, "only what is before this `group`; may be given several times")
	return command
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// runInbox is the inbox as a screen that lives until its user leaves it.
func runInbox(ctx context.Context, client *approver.Client, groups []string, options ...tea.ProgramOption) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	editor := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi")
	model := inbox.New(ctx, inbox.Options{Source: desk{client}, Approver: client.Name(), Groups: groups, Editor: editor})
	screen := tea.NewProgram(model, append([]tea.ProgramOption{tea.WithContext(ctx)}, options...)...)
	watched := make(chan error, 1)
	go func() {
		err := client.Watch(ctx, func(ev approver.Event) { screen.Send(inbox.Changed{ID: ev.ID}) })
		if ctx.Err() != nil {
			err = nil // its user left
		}
		watched <- err
		screen.Quit()
	}()
	_, err := screen.Run()
	if ctx.Err() != nil { // whoever started it ended it
		err = nil
	}
	stop()
	return cmp.Or(<-watched, err)
}

// desk is a client as the inbox wants it.
type desk struct{ client *approver.Client }

func (d desk) Requests(ctx context.Context) ([]approver.Request, error) {
	return d.client.Requests(ctx)
}

func (d desk) Get(ctx context.Context, id string) (approver.Request, error) {
	return d.client.Get(ctx, id)
}

func (d desk) Fetch(ctx context.Context, r approver.Request) []card.Fetched {
	return fetchItems(ctx, d.client, r)
}

func (d desk) Cast(ctx context.Context, v approver.Verdict) (approver.Cast, error) {
	ctx, cancel := context.WithTimeout(ctx, castWithin)
	defer cancel()
	return d.client.Cast(ctx, v)
}

func (d desk) HandOver(ctx context.Context, h approver.HandOver) (*events.ApprovalHanded, error) {
	ctx, cancel := context.WithTimeout(ctx, castWithin)
	defer cancel()
	return d.client.HandOver(ctx, h)
}

// Opened reports that the card is before somebody. Should that fail, the time to the answer counts from the announcement, which is longer.
func (d desk) Opened(ctx context.Context, r approver.Request) {
	if r.Open() {
		_ = d.client.Opened(ctx, approver.Seen{Request: r.ID, Digest: r.Digest})
	}
}

// castWithin is how long the inbox waits for what becomes of a verdict or a hand-over.
const castWithin = 10 * time.Second

func inboxRow(r approver.Request, now time.Time) []string {
	ends := r.EndsAt.Sub(now).Round(time.Second).String()
	if !r.Open() {
		ends = "closed"
	}
	return []string{r.ID, ends, r.Group, fmt.Sprint(r.Card.Score), fmt.Sprint(len(r.Items)), r.Card.Headline}
}

func (c *cli) watchInbox(ctx context.Context, client *approver.Client, cmd *cobra.Command) error {
	place, err := c.place()
	if err != nil {
		return err
	}
	subjects, err := place.Subjects()
	if err != nil {
		return err
	}
	err = client.Watch(ctx, func(ev approver.Event) {
		switch {
		case c.json:
			_ = printJSON(cmd.OutOrStdout(), ev)
		case ev.Request != nil:
			fmt.Fprintf(cmd.OutOrStdout(), "%s  waiting   %s\n", time.Now().Format(time.TimeOnly), words.Printable(strings.Join(inboxRow(*ev.Request, time.Now()), "  ")))
		default:
			fmt.Fprintf(cmd.OutOrStdout(), "%s  %-9s %s\n", time.Now().Format(time.TimeOnly), ev.Kind, words.Printable(words.Event(subjects, subjects.Approval(ev.Group, ev.Kind, ev.ID), ev.Message)))
		}
	})
	if err != nil && ctx.Err() == nil { // the user ends a watch by ending ctx: no failure
		return err
	}
	return nil
}
